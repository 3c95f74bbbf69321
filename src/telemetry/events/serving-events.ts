import { REQUEST_KINDS } from '../../protocol/kinds.ts';
import { defineEvent, number, oneOf, optional } from '../event-definition.ts';
import { CLOSE_REASONS, ERROR_CODES } from '../labels.ts';

const connection = number('Number of the connection since the start.');
const code = oneOf('Error code.', ERROR_CODES);

export const SERVING_EVENTS = {
  ConnectionOpened: defineEvent({
    level: 'debug',
    sentence: 'Client {connection} connected.',
    fields: { connection },
    metrics: [
      { name: 'codi_connections_opened_total', type: 'counter', help: 'Clients that connected.' },
    ],
  }),
  ConnectionClosed: defineEvent({
    level: 'debug',
    sentence: 'Client {connection} is gone.',
    fields: { connection, reason: optional(oneOf('Why.', CLOSE_REASONS)) },
    metrics: [
      {
        name: 'codi_connections_closed_total',
        type: 'counter',
        help: 'Clients that are gone. Opened less closed is how many are connected.',
        labels: ['reason'],
      },
    ],
    repeatedBy: ['reason'],
  }),
  ConnectionRefused: defineEvent({
    level: 'warn',
    sentence: 'A client was turned away ({code}).',
    fields: { code },
    metrics: [
      {
        name: 'codi_connections_refused_total',
        type: 'counter',
        help: 'Clients that were turned away.',
        labels: ['code'],
      },
    ],
    repeatedBy: ['code'],
  }),
  FrameRejected: defineEvent({
    level: 'warn',
    sentence: 'A message was refused ({code}).',
    fields: { code },
    metrics: [
      {
        name: 'codi_frames_rejected_total',
        type: 'counter',
        help: 'Messages that broke the protocol.',
        labels: ['code'],
      },
    ],
    repeatedBy: ['code'],
  }),
  RequestAnswered: defineEvent({
    level: 'trace',
    sentence: 'Answered {kind} in {durationMs} ms.',
    fields: {
      kind: oneOf('Kind of the request.', REQUEST_KINDS),
      durationMs: number('From the whole message to its final answer, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_ipc_duration_seconds',
        type: 'histogram',
        help: 'Time from a whole request to its final answer.',
        labels: ['kind'],
        value: ({ durationMs }) => durationMs / 1000,
        buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5],
      },
    ],
    repeatedBy: ['kind'],
  }),
  AnswersDropped: defineEvent({
    level: 'warn',
    sentence: 'Dropped {count} answers to a client that does not read.',
    fields: { count: number('How many answers.') },
    metrics: [
      {
        name: 'codi_answers_dropped_total',
        type: 'counter',
        help: 'Answers that were not sent because the client does not read.',
        value: ({ count }) => count,
      },
    ],
  }),
} as const;
