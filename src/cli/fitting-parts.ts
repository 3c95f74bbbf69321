import { shortenEnd, shortenMiddle, textWidth } from './text-width.ts';

/** A part of a line: fixed text, or a path that may be shortened in its middle. */
export type LinePart = string | { before?: string; path: string; after?: string };

const SEPARATOR = ' · ';
const PATH_MIN_WIDTH = 12;

/** The parts in one line; where it is too long for the terminal, the longest paths give way first. */
export function joinFitting(parts: readonly LinePart[], columns: number | undefined): string {
  const shown = parts.map((part) => (typeof part === 'string' ? part : { ...part }));
  const line = () => shown.map(textOf).join(SEPARATOR);
  if (columns === undefined) return line();
  const paths = shown.filter((part) => typeof part !== 'string');
  for (const part of paths.toSorted((a, b) => textWidth(b.path) - textWidth(a.path))) {
    const excess = textWidth(line()) - columns;
    if (excess <= 0) break;
    part.path = shortenMiddle(part.path, Math.max(PATH_MIN_WIDTH, textWidth(part.path) - excess));
  }
  return shortenEnd(line(), columns);
}

function textOf(part: LinePart): string {
  if (typeof part === 'string') return part;
  return (part.before ?? '') + part.path + (part.after ?? '');
}
