import type { EventRow } from '../../protocol/messages.ts';

/** The row as `codi events --json` prints it. */
export function jsonLine(row: EventRow): string {
  const present = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return `${JSON.stringify(Object.fromEntries(present))}\n`;
}

const WORD_WIDTH = 9;
// They are what is looked for.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/g;

/** `1204  2026-11-26T14:02:11.120Z  update     /home/ana/shop/src/a.ts  3400 B` */
export function textLine(row: EventRow): string {
  const { seq, time, event, root, path, from, size, kind } = row;
  const at = (name: string) => safe(name === '' ? root : `${root === '/' ? '' : root}/${name}`);
  const moved = typeof from === 'string' ? `${at(from)} → ` : '';
  const amount = typeof size === 'number' && kind !== 'dir' ? `  ${size} B` : '';
  return `${seq}  ${time}  ${event.padEnd(WORD_WIDTH)}  ${moved}${at(path)}${amount}\n`;
}

/** The number of an event from its line, in either form. */
export function seqOfLine(line: string): number | undefined {
  const found = /^\{"seq":(\d+)[,}]|^(\d+) {2}/.exec(line);
  return found ? Number(found[1] ?? found[2]) : undefined;
}

function safe(text: string): string {
  return text.replaceAll(
    CONTROL,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
