import type { JsonValue } from '../../protocol/json-value.ts';
import { formatRfc3339, parseRfc3339 } from '../../protocol/timestamp.ts';

const ISO_LIKE =
  /^(\d{4}-\d{2}-\d{2})[T t_](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?\s*(?:(Z|UTC|GMT)|([+-]\d{2}):?(\d{2})?)?$/i;
const EPOCH = /^-?\d+(?:\.\d+)?$/;
const NANOS_PER_SECOND = 1_000_000_000n;
/** Where a number is too large for a count of seconds (the year 5138), milliseconds and microseconds. */
const UNITS: readonly { readonly below: number; readonly perSecond: bigint }[] = [
  { below: 1e11, perSecond: 1n },
  { below: 1e14, perSecond: 1_000n },
  { below: 1e17, perSecond: 1_000_000n },
  { below: Number.POSITIVE_INFINITY, perSecond: NANOS_PER_SECOND },
];

/**
 * The RFC 3339 time that a field of an old log means: date and time with or without offset (then UTC), with a point
 * or comma before the fraction; seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their
 * size. Undefined for anything else.
 */
export function readTime(value: JsonValue): string | undefined {
  if (typeof value === 'string') {
    const text = value.trim();
    return EPOCH.test(text) ? fromEpoch(text) : fromText(text);
  }
  if (typeof value === 'bigint') return fromEpoch(value.toString());
  return typeof value === 'number' && Number.isFinite(value) ? fromNumber(value) : undefined;
}

function fromText(text: string): string | undefined {
  const match = ISO_LIKE.exec(text);
  if (!match) return undefined;
  const [, date, clock, fraction, zone, hours, minutes] = match;
  const offset = zone !== undefined || hours === undefined ? 'Z' : `${hours}:${minutes ?? '00'}`;
  const time = parseRfc3339(`${date}T${clock}${fraction ? `.${fraction}` : ''}${offset}`);
  return time && formatRfc3339(time);
}

/** Written out without an exponent, so that no digit is lost on the way. */
function fromNumber(value: number): string | undefined {
  const text = String(value);
  return EPOCH.test(text) ? fromEpoch(text) : undefined;
}

function fromEpoch(text: string): string | undefined {
  const magnitude = Math.abs(Number(text));
  const unit = UNITS.find(({ below }) => magnitude < below)!;
  const [whole = '', fraction = ''] = text.split('.');
  const isNegative = whole.startsWith('-');
  const nanosPerUnit = NANOS_PER_SECOND / unit.perSecond;
  const part = (BigInt(fraction.slice(0, 9).padEnd(9, '0')) * nanosPerUnit) / NANOS_PER_SECOND;
  const nanos = BigInt(whole) * nanosPerUnit + (isNegative ? -part : part);
  const seconds =
    nanos >= 0n ? nanos / NANOS_PER_SECOND : -((NANOS_PER_SECOND - 1n - nanos) / NANOS_PER_SECOND);
  try {
    return formatRfc3339({
      seconds: Number(seconds),
      nanos: Number(nanos - seconds * NANOS_PER_SECOND),
    });
  } catch {
    return undefined;
  }
}
