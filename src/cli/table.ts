import { padLeft, padRight, textWidth } from './text-width.ts';

/** A column: its heading and how its cells stand. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
}

const GAP = '  ';

/** Lines of a plain table: headings, then rows; the last column is not padded. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paintHeading: (text: string) => string = (text) => text,
): string[] {
  const widths = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        alignCell(cell, columns[index], widths[index] ?? 0, index === cells.length - 1),
      )
      .join(GAP)
      .trimEnd();
  return [paintHeading(line(columns.map((column) => column.title))), ...rows.map(line)];
}

function alignCell(cell: string, column: Column | undefined, width: number, isLast: boolean) {
  if (column?.align === 'right') return padLeft(cell, width);
  return isLast ? cell : padRight(cell, width);
}
