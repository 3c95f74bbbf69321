import { readCount, readDurationMs } from './argument-values.ts';
import { usageError } from './usage-error.ts';

/** What ends a stream of messages by itself. */
export interface StreamBounds {
  limit: number;
  for_ms: number;
}

/** Flags of a stream as the daemon wants them. */
export function readStreamBounds(options: { limit: string; for: string }): StreamBounds {
  const forMs = readDurationMs(options.for);
  if (forMs < 1) throw usageError(`'${options.for}' is no time to watch`);
  return { limit: readCount(options.limit, 'limit'), for_ms: forMs };
}
