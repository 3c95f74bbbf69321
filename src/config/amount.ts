// Durations and sizes as people write them. Pure; the range of each setting is checked by its schema.

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** `500ms`, `10s`, `1.5h`, `1h30m`; `0` alone needs no unit. */
export const DURATION_PATTERN = /^(0|(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+)$/;

/** `64KiB`, `10MB`, `512B`, or a plain number of bytes. */
export const SIZE_PATTERN = /^\d+(\.\d+)?\s*([kKmMgGtT]i?)?[bB]?$/;

/** Milliseconds, or undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (!DURATION_PATTERN.test(trimmed)) return undefined;
  let totalMs = 0;
  for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)) {
    totalMs += Number(number) * (DURATION_UNITS_MS[unit ?? ''] ?? Number.NaN);
  }
  return Number.isSafeInteger(Math.round(totalMs)) ? Math.round(totalMs) : undefined;
}

/** Bytes, or undefined when the text is not a size. `K`, `M`, `G` alone are decimal, as `KB` is. */
export function parseSize(text: string): number | undefined {
  const trimmed = text.trim();
  if (!SIZE_PATTERN.test(trimmed)) return undefined;
  const number = Number.parseFloat(trimmed);
  const letters = trimmed.replace(/^[\d.]+\s*/, '').toLowerCase();
  const unit = letters === '' || letters.endsWith('b') ? letters || 'b' : `${letters}b`;
  const bytes = Math.round(number * (SIZE_UNITS_BYTES[unit] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
