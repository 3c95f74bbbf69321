import { defineEvent, flag, number, oneOf, optional, text } from '../event-definition.ts';
import { DROP_REASONS } from '../labels.ts';

export const DAEMON_EVENTS = {
  DaemonStarted: defineEvent({
    level: 'info',
    sentence: 'The daemon started.',
    fields: {
      version: text('Version of codi.'),
      pid: number('Process id.'),
    },
    metrics: [
      {
        name: 'codi_daemon_starts_total',
        type: 'counter',
        help: 'Starts of the daemon in this process.',
      },
    ],
  }),
  DaemonStopped: defineEvent({
    level: 'info',
    sentence: 'The daemon stopped.',
    fields: { durationMs: number('From the request to the end, in milliseconds.') },
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
      },
    ],
    repeatedBy: ['reason'],
  }),
} as const;
