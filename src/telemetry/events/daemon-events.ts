import { constant, defineEvent, flag, number, oneOf, optional, text } from '../event-definition.ts';
import { DROP_REASONS } from '../labels.ts';

const act = {
  kind: text('What was done.'),
  subject: text('What it was done to.'),
  actor: optional(text('Who did it; without it, the daemon itself.')),
};

export const DAEMON_EVENTS = {
  DaemonStarted: defineEvent({
    level: 'info',
    sentence: 'The daemon started.',
    fields: {
      version: constant('Version of codi.'),
      pid: number('Process id.'),
    },
    metrics: [
      {
        name: 'codi_daemon_starts_total',
        type: 'counter',
        help: 'Starts of the daemon in this process.',
      },
      {
        name: 'codi_build_info',
        type: 'gauge',
        help: 'Always 1; the label says which version runs.',
        labels: ['version'],
      },
    ],
  }),
  DaemonStopped: defineEvent({
    level: 'info',
    sentence: 'The daemon stopped.',
    fields: { durationMs: number('From the request to the end, in milliseconds.') },
  }),
  ActRecorded: defineEvent({
    level: 'info',
    sentence: '{kind} on {subject}.',
    fields: act,
    metrics: [
      {
        name: 'codi_acts_total',
        type: 'counter',
        help: 'Administrative acts that went to the ledger.',
      },
    ],
  }),
  ActUnrecorded: defineEvent({
    level: 'error',
    sentence: '{kind} on {subject} is not in the ledger: there is no room for it.',
    fields: act,
    metrics: [
      {
        name: 'codi_acts_unrecorded_total',
        type: 'counter',
        help: 'Administrative acts that are only in the log of the daemon.',
      },
    ],
  }),
  ConfigWarning: defineEvent({
    level: 'warn',
    sentence: '{message}.',
    fields: {
      key: optional(text('Setting or variable.')),
      message: text('What is odd about it.'),
    },
    repeatedBy: ['message'],
  }),
  EventsDropped: defineEvent({
    level: 'warn',
    sentence: 'Dropped {count}: {reason}.',
    fields: {
      reason: oneOf('Why.', DROP_REASONS),
      intentional: flag('Whether a documented limit asked for it.'),
      count: number('How many.'),
    },
    metrics: [
      {
        name: 'codi_events_dropped_total',
        type: 'counter',
        help: 'What was dropped inside the daemon; the only way to lose anything.',
        labels: ['reason'],
        value: ({ count }) => count,
        startsAtZero: true,
      },
    ],
    repeatedBy: ['reason'],
  }),
} as const;
