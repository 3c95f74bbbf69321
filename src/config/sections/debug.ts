import { z } from 'zod';

import { count, duration, optionalPath, optionalToggle, size } from '../setting.ts';

/** The view inside the running daemon. */
export const debug = z.object({
  socketPath: optionalPath('socket_path', {
    description: 'Socket of the debug commands.',
    derived: 'the socket path with `.debug.sock` in place of `.sock`',
    example: '/run/user/1000/codi/monitor.debug.sock',
  }),
  mayWrite: optionalToggle('write', {
    description:
      'Whether debug commands may change something (kill, restart, stop, suspend, replay).',
    derived: '`true` for `codi up`, `false` for `codi-monitor`',
  }),
  connectionLimitCount: count('connections', {
    description: 'Most debug clients at the same time; one more is closed at once.',
    default: 64,
    min: 1,
    max: 4_096,
  }),
  requestLimitBytes: size('request_bytes', {
    description: 'Longest request; a client that sends a longer one is cut off.',
    default: '64KiB',
    min: '1KiB',
    max: '16MiB',
  }),
  requestsWaitingCount: count('requests_waiting', {
    description: 'Requests of one client without an answer; the next ones are read later.',
    default: 64,
    min: 1,
    max: 4_096,
  }),
  requestsPerSecond: count('requests_per_second', {
    description: 'Requests of one client each second; more are read later.',
    default: 100,
    min: 1,
    max: 100_000,
  }),
  sendLimitBytes: size('send_bytes', {
    description:
      'Most bytes waiting for a client that does not read: past half of it subscriptions lose events, past all of it the client is cut off.',
    default: '8MiB',
    min: '64KiB',
    max: '256MiB',
  }),
  subscriptionLimitCount: count('subscriptions', {
    description: 'Subscriptions of one client at the same time.',
    default: 8,
    min: 1,
    max: 256,
  }),
  slowAfterMs: duration('slow_after', {
    description: 'A subscription whose client takes nothing for this long is ended.',
    default: '10s',
    min: '100ms',
    max: '10m',
  }),
  traceEventsCount: count('trace_events', {
    description: 'Most events that one trace may ask for.',
    default: 10_000,
    min: 1,
    max: 100_000,
  }),
  traceLimitMs: duration('trace_time', {
    description: 'Longest time that one trace may ask for.',
    default: '5m',
    min: '1s',
    max: '10m',
  }),
  traceEventsPerSecond: count('trace_events_per_second', {
    description: 'Events of one trace each second; more are left out and counted.',
    default: 1_000,
    min: 1,
    max: 100_000,
  }),
});
