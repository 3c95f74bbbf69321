import { SESSION_ENDS } from '../../protocol/kinds.ts';
import { defineEvent, number, oneOf, text } from '../event-definition.ts';

const session = text('Its id.');

export const SESSION_EVENTS = {
  SessionStarted: defineEvent({
    level: 'debug',
    sentence: 'Session {session} started.',
    fields: { session },
    metrics: [
      { name: 'codi_sessions_started_total', type: 'counter', help: 'Sessions that were started.' },
    ],
  }),
  SessionEnded: defineEvent({
    level: 'info',
    sentence: 'Session {session} ended, by {by}.',
    fields: { session, by: oneOf('What ended it.', SESSION_ENDS) },
    metrics: [
      {
        name: 'codi_sessions_ended_total',
        type: 'counter',
        help: 'Sessions that ended, by what ended them.',
        labels: ['by'],
      },
    ],
    repeatedBy: ['by'],
  }),
  SessionsMeasured: defineEvent({
    level: 'trace',
    sentence: '{active} sessions run.',
    fields: { active: number('Sessions that have not ended.') },
    metrics: [
      {
        name: 'codi_sessions_active',
        type: 'gauge',
        help: 'Sessions that have not ended.',
        value: ({ active }) => active,
      },
    ],
  }),
} as const;
