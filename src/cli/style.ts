import type { CliIo, TerminalStream } from './cli-io.ts';

type Paint = (text: string) => string;

/** Colours for one stream; each function gives its text unchanged where colours are off. */
export interface Style {
  dim: Paint;
  bold: Paint;
  inverse: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  blue: Paint;
  cyan: Paint;
  magenta: Paint;
}

const CODES: Readonly<Record<keyof Style, readonly [number, number]>> = {
  dim: [2, 22],
  bold: [1, 22],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
  magenta: [35, 39],
};

/** Whether to colour: only a terminal, never with `--no-color`, NO_COLOR (no-color.org) or TERM=dumb. */
export function wantsColor(stream: TerminalStream, env: CliIo['env'], colorFlag: boolean): boolean {
  if (!colorFlag || env['NO_COLOR'] || env['TERM'] === 'dumb') return false;
  return stream.isTTY === true;
}

/** The paints for a stream. */
export function createStyle(hasColor: boolean): Style {
  const paint = ([open, close]: readonly [number, number]): Paint =>
    hasColor ? (text) => `\u001b[${open}m${text}\u001b[${close}m` : (text) => text;
  return {
    dim: paint(CODES.dim),
    bold: paint(CODES.bold),
    inverse: paint(CODES.inverse),
    red: paint(CODES.red),
    green: paint(CODES.green),
    yellow: paint(CODES.yellow),
    blue: paint(CODES.blue),
    cyan: paint(CODES.cyan),
    magenta: paint(CODES.magenta),
  };
}
