import { safeText } from './safe-text.ts';

/** A value as indented JSON, a line each, harmless for a terminal. */
export function jsonLines(value: unknown): string[] {
  const text = JSON.stringify(value, undefined, 2) ?? 'undefined';
  return text.split('\n').map(safeText);
}
