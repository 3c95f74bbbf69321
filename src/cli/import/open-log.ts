import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Gunzip } from 'node:zlib';
import { CodiError, isCodiError } from '../../protocol/errors.ts';

/** A log that is being read. */
export interface OpenLog {
  /** Its bytes, uncompressed. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Of the file itself, compressed or not. */
  readonly totalBytes: number | undefined;
  readonly readBytes: number;
}

const READ_BYTES = 256 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * Opens a file; what begins as gzip does is unpacked, whatever its name.
 *
 * @throws CodiError CODI_NOT_FOUND, CODI_NOT_PERMITTED, CODI_USAGE
 */
export async function openLog(path: string): Promise<OpenLog> {
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw openError(path, error);
  });
  if (facts.isDirectory()) throw new CodiError('CODI_USAGE', { reason: `${path} is a folder` });
  const stream = createReadStream(path, { highWaterMark: READ_BYTES });
  return new LogStream(stream, path, facts.isFile() ? facts.size : undefined);
}

/** Standard input, or anything else that has no size. */
export function openStream(stream: Readable, name: string): OpenLog {
  return new LogStream(stream, name, undefined);
}

class LogStream implements OpenLog {
  readonly totalBytes: number | undefined;
  readonly #stream: Readable;
  readonly #name: string;
  #readBytes = 0;

  constructor(stream: Readable, name: string, totalBytes: number | undefined) {
    this.#stream = stream;
    this.#name = name;
    this.totalBytes = totalBytes;
  }

  get readBytes(): number {
    return this.#readBytes;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const source = this.#counted();
    const first = await source.next();
    if (first.done === true) return;
    const isPacked = GZIP_MAGIC.every((byte, index) => first.value[index] === byte);
    const bytes = (async function* () {
      yield first.value;
      yield* source;
    })();
    yield* isPacked ? this.#unpacked(bytes) : bytes;
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#stream) {
        const bytes = chunk as Uint8Array;
        this.#readBytes += bytes.length;
        if (bytes.length > 0) yield bytes;
      }
    } catch (error) {
      throw openError(this.#name, error as NodeJS.ErrnoException);
    }
  }

  /** What could be unpacked before a damaged place is read before the failure is told. */
  async *#unpacked(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    const out = new PassThrough({ highWaterMark: READ_BYTES });
    const packed = createGunzip({ chunkSize: READ_BYTES });
    const failures: Error[] = [];
    const fail = (error: Error) => {
      failures.push(error);
      out.end();
    };
    packed.on('error', fail).on('end', () => out.end());
    packed.on('data', (chunk: Buffer) => {
      if (!out.write(chunk)) packed.pause();
    });
    out.on('drain', () => packed.resume());
    // Whoever stopped reading does not care.
    out.on('error', () => undefined);
    void feed(source, packed).catch(fail);
    try {
      for await (const chunk of out) yield chunk as Uint8Array;
    } finally {
      packed.destroy();
    }
    const [error] = failures;
    if (isCodiError(error)) throw error;
    if (!error) return;
    const details = { path: this.#name, reason: error.message };
    throw new CodiError('CODI_IMPORT_DAMAGED', details, { cause: error });
  }
}

async function feed(source: AsyncGenerator<Uint8Array>, packed: Gunzip): Promise<void> {
  for await (const chunk of source) {
    if (packed.destroyed) return;
    if (!packed.write(chunk)) await once(packed, 'drain');
  }
  packed.end();
}

function openError(path: string, error: NodeJS.ErrnoException): CodiError {
  if (isCodiError(error)) return error;
  const { code, message } = error;
  if (code === 'ENOENT') return new CodiError('CODI_NOT_FOUND', { what: `file ${path}` });
  if (code === 'EACCES' || code === 'EPERM') {
    return new CodiError('CODI_NOT_PERMITTED', { reason: message }, { cause: error });
  }
  return new CodiError('CODI_IMPORT_DAMAGED', { path, reason: message }, { cause: error });
}
