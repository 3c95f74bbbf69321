import { createInterface } from 'node:readline';
import type { CliIo } from '../cli-io.ts';

/** Asks a person yes or no; what is no answer, and the end of the input, is no. */
export class Questions {
  readonly #io: CliIo;
  readonly #lines: ReturnType<typeof createInterface>;
  readonly #answers: AsyncIterator<string>;

  constructor(io: CliIo) {
    this.#io = io;
    this.#lines = createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async isWanted(question: string): Promise<boolean> {
    this.#io.stderr.write(`${question} [y/N] `);
    const { value, done } = await this.#answers.next();
    return done !== true && /^y(es)?$/i.test(value.trim());
  }

  close(): void {
    this.#lines.close();
  }
}
