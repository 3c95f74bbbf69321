import { z } from 'zod';

import { count, duration, size } from '../setting.ts';

/** What one client, and all of them together, may take. */
export const limits = z.object({
  frameLimitBytes: size('frame_bytes', {
    description: 'Largest message; a larger one is refused and its connection closed.',
    default: '1MiB',
    min: '1KiB',
    max: '1MiB',
  }),
  connectionLimitCount: count('connections', {
    description: 'Most clients at the same time; one more is told to try again.',
    default: 1024,
    min: 1,
    max: 65_536,
  }),
  userConnectionLimitCount: count('connections_per_user', {
    description:
      'Most clients of one user on the Unix sockets, where the system and the optional package koffi can tell whose they are.',
    default: 1024,
    min: 1,
    max: 65_536,
  }),
  sessionLimitCount: count('sessions', {
    description: 'Most sessions that run at the same time; one more is told to try again.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  rememberedSessionCount: count('remembered_sessions', {
    description:
      'Sessions with a folder that are remembered after their end, for changes that are found late.',
    default: 1_000,
    min: 1,
    max: 100_000,
  }),
  ingestLimitBytes: size('ingest_bytes', {
    description:
      'Most bytes of entries waiting for the ledger; past it clients get Rejected with a time to try again.',
    default: '32MiB',
    min: '1MiB',
    max: '1GiB',
  }),
  ingestLimitFrames: count('ingest_frames', {
    description: 'Most messages waiting for the ledger.',
    default: 65_536,
    min: 16,
    max: 10_000_000,
  }),
  connectionIngestLimitBytes: size('connection_ingest_bytes', {
    description:
      'Bytes of entries of one client waiting for the ledger past which the client is not read for a while.',
    default: '1MiB',
    min: '64KiB',
    max: '1GiB',
  }),
  connectionSendLimitBytes: size('connection_send_bytes', {
    description: 'Most bytes of answers waiting for a client that does not read.',
    default: '4MiB',
    min: '64KiB',
    max: '256MiB',
  }),
  sendLimitBytes: size('send_bytes', {
    description:
      'Most bytes of answers waiting for all clients together; past it the client that most waits for is cut off.',
    default: '64MiB',
    min: '1MiB',
    max: '16GiB',
  }),
  handshakeTimeoutMs: duration('handshake_timeout', {
    description:
      'Time a started first message may take to arrive in full; and on TCP, TLS and then Hello with its token.',
    default: '2s',
    min: '100ms',
    max: '5m',
  }),
  frameTimeoutMs: duration('frame_timeout', {
    description: 'The same for a later message.',
    default: '30s',
    min: '100ms',
    max: '5m',
  }),
  messagesPerSecond: count('messages_per_second', {
    description:
      'Messages a connection may send each second, with a second of it at once; one that sends more is read more slowly. 0 sets no rate.',
    default: 0,
    min: 0,
    max: 1_000_000,
  }),
  bytesPerSecond: count('bytes_per_second', {
    description: 'Bytes a connection may send each second, in the same way.',
    default: 0,
    min: 0,
    max: 10_000_000_000,
  }),
  tokenFailuresPerMinute: count('token_failures_per_minute', {
    description:
      'Tokens from one address that may be wrong within a minute; then no more is said than that there were too many. A token that is right is taken all the same.',
    default: 30,
    min: 1,
    max: 1_000_000,
  }),
});
