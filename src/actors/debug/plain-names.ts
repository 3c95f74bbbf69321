/** Wall time as everybody reads it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The fields of a record under names with underscores, as scripts know them; times stay numbers. */
export function snakeCase(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [snakeName(name), value]),
  );
}

function snakeName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
