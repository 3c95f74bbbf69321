import { expect, it } from 'vitest';
import { terminalColumns, type TerminalStream } from '#codi/cli/cli-io.js';

const stream = (of: { isTTY?: boolean; columns?: number }) => of as TerminalStream;

it('A terminal without a size has 80 columns, and a pipe has none.', () => {
  expect(terminalColumns(stream({ isTTY: true, columns: 132 }))).toBe(132);
  expect(terminalColumns(stream({ isTTY: true, columns: 0 }))).toBe(80);
  expect(terminalColumns(stream({ isTTY: true }))).toBe(80);
  expect(terminalColumns(stream({ columns: 132 }))).toBeUndefined();
});
