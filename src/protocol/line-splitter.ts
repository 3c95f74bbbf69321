const NEWLINE = 0x0a;

/** Splits a byte stream into lines of UTF-8; holds at most one unfinished line up to a limit. */
export class LineSplitter {
  readonly #limitBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The lines that are complete now, without their ends; undefined when one is too long. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.#finish(chunk.subarray(start, end)));
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    if (rest.length > 0) this.#held.push(rest);
    this.#heldBytes += rest.length;
    return this.#heldBytes > this.#limitBytes ? undefined : lines;
  }

  #finish(last: Buffer): string {
    const line = Buffer.concat([...this.#held, last]).toString('utf8');
    this.#held = [];
    this.#heldBytes = 0;
    return line;
  }
}
