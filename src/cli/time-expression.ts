/** A value read from the command line, or the reason why it could not be read. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1000,
  kib: 1024,
  m: 1000 ** 2,
  mb: 1000 ** 2,
  mib: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1000 ** 3,
  gib: 1024 ** 3,
  t: 1000 ** 4,
  tb: 1000 ** 4,
  tib: 1024 ** 4,
};

/** Reads a duration such as `500ms`, `10s`, `1h30m` or `2 days`; the value is in milliseconds. */
export function parseDuration(text: string): Parsed<number> {
  const compact = text.trim().toLowerCase();
  const parts = [...compact.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-z]+)/gy)];
  const matchedLength = parts.reduce((sum, part) => sum + part[0].length, 0);
  const bad = `'${text}' is not a duration; examples: 500ms, 10s, 5m, 2h, 1h30m`;
  if (parts.length === 0 || matchedLength !== compact.length) return { ok: false, reason: bad };
  let totalMs = 0;
  for (const [, digits, word] of parts) {
    const unitMs = unitOf(word ?? '');
    if (unitMs === undefined) return { ok: false, reason: bad };
    totalMs += Number(digits) * unitMs;
  }
  return { ok: true, value: totalMs };
}

function unitOf(word: string): number | undefined {
  if (Object.hasOwn(UNIT_MS, word)) return UNIT_MS[word];
  const singular = word.length > 2 && word.endsWith('s') ? word.slice(0, -1) : word;
  return Object.hasOwn(UNIT_MS, singular) ? UNIT_MS[singular] : undefined;
}

/** Reads a size such as `10MB`, `64KiB` or `4096`; the value is in bytes. */
export function parseSize(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = match?.[2]?.toLowerCase() ?? '';
  const factor = Object.hasOwn(SIZE_UNITS, unit) ? SIZE_UNITS[unit] : undefined;
  if (!match || factor === undefined) {
    return { ok: false, reason: `'${text}' is not a size; examples: 4096, 64KiB, 10MB` };
  }
  return { ok: true, value: Math.round(Number(match[1]) * factor) };
}

/**
 * Reads a point in time: `5m` and `2h ago` (before now), `now`, `today`, `yesterday 14:00`,
 * `14:00` (today), `2026-03-01` and `2026-03-01 14:00` (local time), or RFC 3339.
 * The value is an RFC 3339 text in UTC, ready for the wire; RFC 3339 input keeps its fraction.
 */
export function parseTime(text: string, nowMs: number): Parsed<string> {
  const words = text.trim();
  if (isRfc3339(words)) {
    const ms = Date.parse(words.replace(' ', 'T'));
    if (Number.isFinite(ms)) return { ok: true, value: toUtc(words, ms) };
  }
  const ms = pointInTime(words.toLowerCase(), nowMs);
  if (ms === undefined || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) {
    const examples = '5m, 2h ago, yesterday 14:00, 2026-03-01T14:00:00Z';
    return { ok: false, reason: `'${text}' is not a time; examples: ${examples}` };
  }
  return { ok: true, value: new Date(ms).toISOString() };
}

function isRfc3339(text: string): boolean {
  return /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
}

/** Date keeps milliseconds only: the fraction is carried over as written, up to nanoseconds. */
function toUtc(text: string, ms: number): string {
  const fraction = /\.(\d+)/.exec(text)?.[1]?.slice(0, 9) ?? '';
  const seconds = new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19);
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}

function pointInTime(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  const ago = parseDuration(text.replace(/\s+ago$/, ''));
  if (ago.ok) return nowMs - ago.value;
  const match = /^(?:(today|yesterday|\d{4}-\d\d-\d\d)(?:[\st]+|$))?(\d\d?:\d\d(?::\d\d)?)?$/.exec(
    text,
  );
  if (!match || text === '') return undefined;
  const day = startOfDay(match[1] ?? 'today', nowMs);
  return day === undefined ? undefined : atTimeOfDay(day, match[2] ?? '0:00');
}

function startOfDay(word: string, nowMs: number): Date | undefined {
  if (word === 'today' || word === 'yesterday') {
    const day = new Date(nowMs);
    day.setHours(0, 0, 0, 0);
    if (word === 'yesterday') day.setDate(day.getDate() - 1);
    return day;
  }
  const [year = 0, month = 0, date = 0] = word.split('-').map(Number);
  const day = new Date(year, month - 1, date);
  return day.getMonth() === month - 1 && day.getDate() === date ? day : undefined;
}

function atTimeOfDay(day: Date, clock: string): number | undefined {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return new Date(day).setHours(hours, minutes, seconds, 0);
}
