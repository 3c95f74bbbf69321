import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import { stringifyJson } from '../../protocol/json-text.ts';
import type { JsonValue } from '../../protocol/json-value.ts';

/** A file of JSON lines that only its owner can read, and that is there whole or not at all. */
export class LinesFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #stream: WriteStream;
  #failure: Error | undefined;

  private constructor(path: string, temporary: string, stream: WriteStream) {
    this.path = path;
    this.#temporary = temporary;
    this.#stream = stream;
    stream.on('error', (error) => (this.#failure ??= error));
  }

  /** @throws CodiError CODI_NOT_PERMITTED when nothing can be written there */
  static async create(path: string): Promise<LinesFile> {
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const stream = createWriteStream(temporary, { flags: 'wx', mode: 0o600 });
    const file = new LinesFile(path, temporary, stream);
    await once(stream, 'open').catch((error: Error) => {
      throw file.#writeError(error);
    });
    return file;
  }

  async add(value: unknown): Promise<void> {
    if (this.#failure) throw this.#writeError(this.#failure);
    const isTaken = this.#stream.write(`${stringifyJson(value as JsonValue)}\n`);
    if (isTaken) return;
    await once(this.#stream, 'drain').catch((error: Error) => {
      throw this.#writeError(error);
    });
  }

  /** Puts it in its place, on the disk. */
  async finish(): Promise<void> {
    await this.#close();
    if (this.#failure) throw this.#writeError(this.#failure);
    await sync(this.#temporary);
    await rename(this.#temporary, this.path);
    await sync(dirname(this.path));
  }

  async discard(): Promise<void> {
    await this.#close();
    await rm(this.#temporary, { force: true });
  }

  #close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.closed) resolve();
      else this.#stream.once('close', resolve).end();
    });
  }

  #writeError(error: Error): CodiError {
    const reason = `${this.path} cannot be written: ${error.message}`;
    return new CodiError('CODI_NOT_PERMITTED', { reason }, { cause: error });
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
