import { padRight } from './text-width.ts';
import type { Style } from './style.ts';

const LABEL_WIDTH = 12;

/** `  label       text`, one after another; further lines of a text stand below its first. */
export function labelledLines(
  rows: readonly (readonly [label: string, text: string | readonly string[] | undefined])[],
  style: Style,
): string[] {
  return rows.flatMap(([label, text]) => {
    if (text === undefined) return [];
    const lines = typeof text === 'string' ? [text] : text;
    return lines.map(
      (line, index) => `  ${style.dim(padRight(index === 0 ? label : '', LABEL_WIDTH))}${line}`,
    );
  });
}
