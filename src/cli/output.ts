import { CodiError } from '../protocol/errors.ts';
import { stringifyJson } from '../protocol/json-text.ts';
import type { JsonValue } from '../protocol/json-value.ts';
import { safeJson } from './safe-text.ts';
import { writeAll } from './cli-io.ts';
import type { TerminalStream } from './cli-io.ts';

/** Whoever read our output has closed it (`… | head`): the command ends quietly. */
export class OutputGone extends Error {
  override readonly name = 'OutputGone';
}

const CHUNK_CHARACTERS = 16 * 1024;

/** Writes lines to a stream in larger pieces, as fast as the reader takes them. */
export class Output {
  readonly #stream: TerminalStream;
  #held = '';
  #isGone = false;
  /** Writing failed for a reason of its own: a full disk, say. */
  #failure: Error | undefined;
  #onGone: (() => void) | undefined;

  constructor(stream: TerminalStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.#failure = error;
      this.#isGone = true;
      this.#onGone?.();
    });
  }

  get stream(): TerminalStream {
    return this.#stream;
  }

  /** Called once the reader is gone; for commands that wait for something else meanwhile. */
  whenGone(listener: () => void): void {
    this.#onGone = listener;
    if (this.#isGone) listener();
  }

  /** Adds a line; resolves when it may be forgotten. Throws OutputGone when nobody reads any more. */
  async line(text: string): Promise<void> {
    this.#held += `${text}\n`;
    if (this.#held.length >= CHUNK_CHARACTERS) await this.flush();
  }

  async lines(texts: Iterable<string>): Promise<void> {
    for (const text of texts) await this.line(text);
  }

  /** One value as one line of JSON; on a terminal what could steer it is escaped, which means the same. */
  async json(value: unknown): Promise<void> {
    const text = stringifyJson(value as JsonValue);
    await this.line(this.#stream.isTTY === true ? safeJson(text) : text);
  }

  /** Writes what is held. */
  async flush(): Promise<void> {
    const text = this.#held;
    this.#held = '';
    if (this.#isGone) throw this.#gone();
    if (text === '') return;
    const failure = await writeAll(this.#stream, text);
    if (failure === undefined) return;
    if (failure !== 'closed' && failure.code !== 'EPIPE') this.#failure = failure;
    throw this.#gone();
  }

  #gone(): Error {
    return this.#failure
      ? new CodiError(
          'CODI_OUTPUT_FAILED',
          { reason: this.#failure.message },
          { cause: this.#failure },
        )
      : new OutputGone();
  }
}
