import { groupedDigits } from '../protocol/grouped-digits.ts';

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A size for people: decimal units, at most three digits before the point (`999 B`, `1.2 kB`, `34 MB`). */
export function showBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1);
  return `${bytes < 0 ? '-' : ''}${digits} ${BYTE_UNITS[unit]}`;
}

/** A change of size, always with its sign: `+212 B`. */
export function showByteChange(bytes: number): string {
  return bytes < 0 ? showBytes(bytes) : `+${showBytes(bytes)}`;
}

/** A whole number with thousands separated by commas. */
export function showCount(count: number): string {
  return groupedDigits(count);
}

/** A large number in short: exact below a million, then `12.4 M`, `3.1 G`. */
export function showLargeCount(count: number): string {
  if (count < 999_950) return showCount(count);
  if (count < 999_950_000) return `${(count / 1e6).toFixed(1)} M`;
  return `${(count / 1e9).toFixed(1)} G`;
}

/** A duration for people: `84 ms`, `0.4 s`, `12 s`, `5 min`, `3 h 5 min`, `3 d 4 h`. */
export function showDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 99.5) return `${ms.toFixed(0)} ms`;
  if (ms < 9.95 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS - 500) return `${(ms / SECOND_MS).toFixed(0)} s`;
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, 'h', MINUTE_MS, 'min');
  return twoUnits(ms, DAY_MS, 'd', HOUR_MS, 'h');
}

function twoUnits(ms: number, largeMs: number, large: string, smallMs: number, small: string) {
  const whole = Math.floor(ms / largeMs);
  const rest = Math.floor((ms % largeMs) / smallMs);
  return rest === 0 ? `${whole} ${large}` : `${whole} ${large} ${rest} ${small}`;
}

/** Restart and recovery times read better in ms up to a second: `84 ms`, `1.2 s`. */
export function showShortDuration(durationMs: number): string {
  return durationMs < 999.5 ? `${Math.round(durationMs)} ms` : showDuration(durationMs);
}

/** What takes no time to speak of, to the hundredth of a millisecond: `0.05 ms`, `1.2 ms`, `84 ms`, `1.2 s`. */
export function showFineDuration(durationMs: number): string {
  if (durationMs >= 9.95) return showShortDuration(durationMs);
  return durationMs < 0.995
    ? `${trimZero(durationMs.toFixed(2))} ms`
    : `${durationMs.toFixed(1)} ms`;
}

function trimZero(digits: string): string {
  return digits.replace(/\.?0+$/, '');
}

/** `1 root`, `3 roots`; irregular plurals are given. */
export function plural(count: number, singular: string, many = `${singular}s`): string {
  return `${showCount(count)} ${count === 1 ? singular : many}`;
}
