/** Wall time as everybody reads it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The fields of a record under names with underscores, as scripts know them. */
export function snakeCase(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      snakeName(name),
      typeof value === 'number' ? round(value) : value,
    ]),
  );
}

/** Microseconds are as exact as it gets. */
export function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

function snakeName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
