import { REQUEST_KINDS } from '../../protocol/kinds.ts';
import { defineEvent, flag, number, oneOf, optional, text } from '../event-definition.ts';
import { CLOSE_REASONS, DOOR_NAMES, ERROR_CODES, TLS_TROUBLES } from '../labels.ts';

const connection = number('Number of the connection since the start.');
const code = oneOf('Error code.', ERROR_CODES);
const door = oneOf('The socket it came by.', DOOR_NAMES);

export const SERVING_EVENTS = {
  ConnectionOpened: defineEvent({
    level: 'debug',
    sentence: 'Client {connection} connected ({from}).',
    fields: { connection, door, from: text('Who, as far as is known.') },
    metrics: [
      {
        name: 'codi_connections_opened_total',
        type: 'counter',
        help: 'Clients that connected.',
        labels: ['door'],
      },
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
  DoorOpened: defineEvent({
    level: 'info',
    sentence: 'Clients can connect on {address}.',
    fields: {
      door,
      address: text('Path or host and port.'),
      isTls: flag('Whether it speaks TLS.'),
      needsToken: flag('Whether a token is asked for.'),
      fingerprint: optional(text('SHA-256 of the certificate.')),
    },
  }),
  CertificateMade: defineEvent({
    level: 'info',
    sentence: 'Made a certificate for TLS, {fingerprint}.',
    fields: { fingerprint: text('SHA-256, to be pinned by clients.') },
  }),
  NoTokens: defineEvent({
    level: 'warn',
    sentence: 'The TCP port asks for a token and there is none yet: codi token create <name>.',
    fields: {},
  }),
  TokenRefused: defineEvent({
    level: 'warn',
    sentence: 'A client from {from} showed no token that is valid ({code}).',
    fields: { code, from: text('Address.') },
    metrics: [
      {
        name: 'codi_tokens_refused_total',
        type: 'counter',
        help: 'Hellos whose token was missing, wrong, expired or revoked.',
        labels: ['code'],
      },
    ],
    repeatedBy: ['code', 'from'],
  }),
  TokensUnsaved: defineEvent({
    level: 'error',
    sentence: 'The tokens could not be written: {reason}.',
    fields: { reason: text('What the file system said.') },
    repeatedBy: ['reason'],
  }),
  TlsRefused: defineEvent({
    level: 'warn',
    sentence: 'A connection did not become TLS ({trouble}).',
    fields: { trouble: oneOf('What was wrong.', TLS_TROUBLES) },
    metrics: [
      {
        name: 'codi_tls_refused_total',
        type: 'counter',
        help: 'Connections to the TLS port that ended before they were a client.',
        labels: ['trouble'],
      },
    ],
    repeatedBy: ['trouble'],
  }),
  ConnectionThrottled: defineEvent({
    level: 'debug',
    sentence: 'A client that sends more {limit} than it may is not read for {waitMs} ms.',
    fields: {
      limit: oneOf('What there was too much of.', ['messages', 'bytes'] as const),
      waitMs: number('How long, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_connections_throttled_total',
        type: 'counter',
        help: 'Times a client was not read for a while because it sent more than it may.',
        labels: ['limit'],
      },
    ],
    repeatedBy: ['limit'],
  }),
} as const;
