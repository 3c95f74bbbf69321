import { z } from 'zod';

import { count, duration, list, optionalCount, size, text, toggle } from '../setting.ts';

/** Metrics and health for machines. */
export const http = z.object({
  isEnabled: toggle('enabled', {
    description: 'Whether `/metrics`, `/livez`, `/readyz` and `/health` are served.',
    default: true,
  }),
  host: text('host', {
    description:
      'Address it is bound to. Anyone who reaches it may read: beyond loopback that is a decision, and names of this machine must stand in `allowed_hosts`.',
    default: '127.0.0.1',
  }),
  port: optionalCount('port', {
    description:
      'Port it is bound to; 0 takes any free one. A named port that is taken is tried for again and again, and the daemon is degraded meanwhile.',
    derived: '9090, and any free one when that is taken',
    example: 9090,
    min: 0,
    max: 65_535,
  }),
  allowedHosts: list('allowed_hosts', {
    description:
      'Names, beside localhost and addresses, that requests may call this machine by. Others are refused, so that no web page can read through a name of its own.',
    default: [],
    example: '["codi.example.org"]',
  }),
  connectionLimitCount: count('connections', {
    description:
      'Most connections at the same time; one more cuts the one that has been silent longest.',
    default: 32,
    min: 2,
    max: 4096,
  }),
  headerLimitBytes: size('header_bytes', {
    description: 'Most bytes of the head of a request. Bodies are not read at all.',
    default: '8KiB',
    min: '1KiB',
    max: '64KiB',
  }),
  requestTimeoutMs: duration('request_timeout', {
    description: 'Time a request may take to arrive, and its answer to be read.',
    default: '5s',
    min: '100ms',
    max: '1m',
  }),
});
