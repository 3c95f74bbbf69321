import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { TerminalStream } from '../cli-io.ts';

/** Longer lines are logged in parts of this many characters. */
const LINE_UNITS_MAX = 16_384;

/** Passes output on byte by byte, as fast as it is read, and gives its lines besides. */
export function passOn(
  source: Readable,
  target: TerminalStream,
  onLine: (line: string) => void,
): void {
  const lines = new LineCutter(onLine);
  source.on('data', (chunk: Buffer) => lines.push(chunk));
  source.on('end', () => lines.end());
  source.pipe(target, { end: false });
  // Who has read enough has closed the pipe; the program hears of it by its next write.
  target.on('error', () => source.destroy());
}

/** Cuts bytes into lines of text; what is no UTF-8 has replacement characters. */
export class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #held = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = (this.#held + this.#decoder.write(chunk)).split('\n');
    this.#held = parts.pop()!;
    for (const part of parts) this.#give(part);
    while (this.#held.length > LINE_UNITS_MAX) {
      this.#onLine(this.#held.slice(0, LINE_UNITS_MAX));
      this.#held = this.#held.slice(LINE_UNITS_MAX);
    }
  }

  end(): void {
    const last = this.#held + this.#decoder.end();
    this.#held = '';
    if (last !== '') this.#give(last);
  }

  #give(line: string): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    for (let at = 0; at < text.length; at += LINE_UNITS_MAX)
      this.#onLine(text.slice(at, at + LINE_UNITS_MAX));
  }
}
