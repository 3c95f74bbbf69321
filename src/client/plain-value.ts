import { CodiError } from '../protocol/errors.ts';
import { SCAN_LIMITS } from '../protocol/limits.ts';

/** The entry, its message and payload around the metadata take some of the levels. */
const DEPTH_LIMIT = SCAN_LIMITS.depth - 6;

/**
 * A copy of what JSON would make of a value (toJSON honoured, undefined and functions left out or
 * null), with bigint and bytes kept. The caller may change the original afterwards.
 *
 * @throws CodiError CODI_TOO_DEEP, also for cycles
 */
export function plainValue(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  }
  if (depth > DEPTH_LIMIT) throw new CodiError('CODI_TOO_DEEP', { limit: DEPTH_LIMIT });
  if (value instanceof Uint8Array) return value.slice();
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return plainValue(value.toJSON(), depth + 1);
  }
  if (Array.isArray(value)) return value.map((item) => plainValue(item, depth + 1) ?? null);
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) {
    copy[key] = plainValue((value as Record<string, unknown>)[key], depth + 1);
  }
  return copy;
}
