import { bytePathFromUtf8, showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import { formatRfc3339, parseRfc3339, type Timestamp } from '../../protocol/timestamp.ts';
import { pathFromValue, type PathValue } from './path-value.ts';

const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/** RFC 3339 text; a file may carry a time that no such text can say, which becomes the nearest. */
export function timeText(seconds: number, nanos: number): string {
  if (seconds < FIRST_SECOND) return formatRfc3339({ seconds: FIRST_SECOND, nanos: 0 });
  if (seconds > LAST_SECOND) return formatRfc3339({ seconds: LAST_SECOND, nanos: 999_999_999 });
  return formatRfc3339({ seconds, nanos });
}

/** A time of a filter. The protocol has checked it. */
export function filterTime(text: string): Timestamp {
  const time = parseRfc3339(text);
  if (!time) throw new CodiError('CODI_MESSAGE_INVALID', { reason: 'a time must be RFC 3339' });
  return time;
}

/** A stored path as rows show it. */
export function shownPath(value: PathValue): { path: string; path_b64?: string } {
  return showBytePath(pathFromValue(value));
}

/** A path that a client wrote, without the slash at its end. */
export function filterPath(text: string): BytePath {
  const path = bytePathFromUtf8(text);
  return (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path) as BytePath;
}

/** A 64-bit number as rows show it: a number while that is exact. */
export function exactNumber(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export function hexText(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
}
