/** A point in time, exact to the nanosecond. */
export interface Timestamp {
  /** Whole seconds since 1970-01-01T00:00:00Z; negative before. */
  readonly seconds: number;
  /** 0 to 999,999,999; counts forward also before 1970. */
  readonly nanos: number;
}

const SECONDS_PER_DAY = 86_400;
/** 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what RFC 3339 can write (section 1). */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/**
 * Reads an RFC 3339 date-time (section 5.6) with any offset. Digits after the ninth of a fraction
 * are cut, a leap second counts as the second after it. Anything else gives undefined.
 */
export function parseRfc3339(text: string): Timestamp | undefined {
  if (text.length < 20 || !hasSeparators(text)) return undefined;
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 2);
  const day = digitsAt(text, 8, 2);
  const hour = digitsAt(text, 11, 2);
  const minute = digitsAt(text, 14, 2);
  const second = digitsAt(text, 17, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return undefined;
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
    return undefined;
  }
  const fraction = readFraction(text);
  if (fraction === undefined) return undefined;
  const offset = readOffset(text, fraction.end);
  if (offset === undefined) return undefined;
  const days = daysFromCivil(year, month, day);
  const seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return undefined;
  return { seconds, nanos: fraction.nanos };
}

let lastSeconds = Number.NaN;
let lastNanos = 0;
let lastText = '';

/**
 * Writes a time as UTC with `Z` and the shortest of 0, 3, 6 or 9 fraction digits that is exact (as
 * Rust's chrono does with `SecondsFormat::AutoSi`). Throws RangeError outside the years 0 to 9999.
 * The last one is kept: messages come many to a millisecond.
 */
export function formatRfc3339({ seconds, nanos }: Timestamp): string {
  if (seconds === lastSeconds && nanos === lastNanos) return lastText;
  if (!(seconds >= FIRST_SECOND && seconds <= LAST_SECOND)) {
    throw new RangeError(`no RFC 3339 time for second ${seconds}`);
  }
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const rest = seconds - days * SECONDS_PER_DAY;
  const hour = Math.floor(rest / 3600);
  const minute = Math.floor((rest % 3600) / 60);
  lastText = `${dateOf(days)}T${pad(hour, 2)}:${pad(minute, 2)}:${pad(rest % 60, 2)}${fractionOf(nanos)}Z`;
  lastSeconds = seconds;
  lastNanos = nanos;
  return lastText;
}

/** The time that a count of Unix milliseconds (may have a fraction) stands for. */
export function timestampFromMs(unixMs: number): Timestamp {
  const seconds = Math.floor(unixMs / 1000);
  const nanos = Math.round((unixMs - seconds * 1000) * 1e6);
  return nanos === 1e9 ? { seconds: seconds + 1, nanos: 0 } : { seconds, nanos };
}

function hasSeparators(text: string): boolean {
  const separator = text.charCodeAt(10);
  return (
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    (separator === 0x54 || separator === 0x74 || separator === 0x20) &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a
  );
}

/** The number in `count` digits, or -1 when one of them is no digit. */
function digitsAt(text: string, start: number, count: number): number {
  let value = 0;
  for (let index = start; index < start + count; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function readFraction(text: string): { nanos: number; end: number } | undefined {
  if (text.charCodeAt(19) !== 0x2e) return { nanos: 0, end: 19 };
  let end = 20;
  let nanos = 0;
  let scale = 100_000_000;
  for (; ; end++) {
    const digit = text.charCodeAt(end) - 0x30;
    if (!(digit >= 0 && digit <= 9)) break;
    nanos += digit * scale;
    scale = scale === 1 ? 0 : scale / 10;
  }
  return end === 20 ? undefined : { nanos, end };
}

/** Seconds east of UTC that the rest of the text names; undefined when it is no offset. */
function readOffset(text: string, start: number): number | undefined {
  const sign = text.charCodeAt(start);
  if (sign === 0x5a || sign === 0x7a) return text.length === start + 1 ? 0 : undefined;
  if ((sign !== 0x2b && sign !== 0x2d) || text.length !== start + 6) return undefined;
  const hours = digitsAt(text, start + 1, 2);
  const minutes = digitsAt(text, start + 4, 2);
  if (text.charCodeAt(start + 3) !== 0x3a || hours < 0 || hours > 23) return undefined;
  if (minutes < 0 || minutes > 59) return undefined;
  const seconds = hours * 3600 + minutes * 60;
  return sign === 0x2d ? -seconds : seconds;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; years start in March inside. */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

let lastDays = Number.NaN;
let lastDate = '';

/** YYYY-MM-DD of a day number. The last one is kept: nearly every call asks for the same day. */
function dateOf(days: number): string {
  if (days === lastDays) return lastDate;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  lastDays = days;
  lastDate = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return lastDate;
}

function fractionOf(nanos: number): string {
  if (nanos === 0) return '';
  if (nanos % 1_000_000 === 0) return `.${pad(nanos / 1_000_000, 3)}`;
  if (nanos % 1000 === 0) return `.${pad(nanos / 1000, 6)}`;
  return `.${pad(nanos, 9)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
