import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';

export interface RotatingLinesOptions {
  readonly path: string;
  readonly rotateBytes: number;
  readonly rotateMs: number;
  readonly keepCount: number;
  readonly nowMs: () => number;
  /** The number of a line. */
  readonly seqOf: (line: string) => number | undefined;
}

const NEWLINE = 0x0a;
/** Longer than any line. */
const TAIL_BYTES = 256 * 1024;
const FLAGS =
  constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

/**
 * Appends lines to a file, which is renamed when it is too large or too old: `name` becomes `name.1`, that `name.2`.
 * The last whole line says how far the log has come; a torn one after it, left by a kill, is cut off.
 */
export class RotatingLines {
  readonly name: string;
  readonly #options: RotatingLinesOptions;
  #file: FileHandle | undefined;
  #sizeBytes = 0;
  #bornMs = 0;
  #inode = 0;
  #lines: Uint8Array | undefined;
  #written = 0;
  #isOpen = false;

  constructor(options: RotatingLinesOptions) {
    this.#options = options;
    this.name = options.path;
  }

  async open(): Promise<number | undefined> {
    this.#isOpen = true;
    this.#lines = undefined;
    const { path, seqOf } = this.#options;
    const isThere = await exists(path);
    const rotated = await lastLine(`${path}.1`, 'keep');
    if (!isThere && rotated === undefined) {
      await this.#openFile();
      return undefined;
    }
    const last = isThere ? await lastLine(path, 'cut') : undefined;
    await this.#openFile();
    return seqOf(last ?? rotated ?? '') ?? 0;
  }

  /** After a failure the same lines go on where it ended. */
  async write(lines: Uint8Array): Promise<void> {
    if (lines !== this.#lines) {
      this.#lines = lines;
      this.#written = 0;
    }
    while (this.#written < lines.length) {
      const end = await this.#nextEnd(lines, this.#written);
      if (!this.#file) throw closed();
      const piece = lines.subarray(this.#written, end);
      const { bytesWritten } = await this.#file.write(piece);
      this.#written += bytesWritten;
      this.#sizeBytes += bytesWritten;
    }
  }

  /** Of what is to be written next: whole lines that fit into the file, or the rest of one. */
  async #nextEnd(lines: Uint8Array, from: number): Promise<number> {
    const lineEnd = lines.indexOf(NEWLINE, from) + 1;
    if (from > 0 && lines[from - 1] !== NEWLINE) return lineEnd;
    await this.#makeRoom(lineEnd - from);
    const lastByte = from + this.#options.rotateBytes - this.#sizeBytes - 1;
    return Math.max(lineEnd, lines.lastIndexOf(NEWLINE, lastByte) + 1);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#release();
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #openFile(): Promise<void> {
    await this.#release();
    if (!this.#isOpen) throw closed();
    const file = await open(this.#options.path, FLAGS, 0o600);
    const found = await file.stat();
    this.#file = file;
    this.#sizeBytes = found.size;
    this.#inode = found.ino;
    const isNew = found.size === 0;
    this.#bornMs = isNew || found.birthtimeMs === 0 ? this.#options.nowMs() : found.birthtimeMs;
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { path, rotateBytes, rotateMs, nowMs } = this.#options;
    // Somebody moved it away, as log rotation does.
    if (!this.#file || (await inodeOf(path)) !== this.#inode) await this.#openFile();
    if (this.#sizeBytes === 0) return;
    const isFull = this.#sizeBytes + bytes > rotateBytes;
    if (!isFull && nowMs() - this.#bornMs <= rotateMs) return;
    await this.#rotate();
  }

  async #rotate(): Promise<void> {
    const { path, keepCount } = this.#options;
    for (let number = keepCount - 1; number >= 1; number--)
      await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(unlessMissing);
    await rename(path, `${path}.1`);
    await this.#openFile();
  }
}

function closed(): Error {
  return Object.assign(new Error('the log is closed'), { code: 'ECANCELED' });
}

async function exists(path: string): Promise<boolean> {
  return (await inodeOf(path)) !== undefined;
}

async function inodeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(unlessMissing);
  return found?.ino;
}

/** The last whole line; undefined when there is none. What follows it is cut off when asked. */
async function lastLine(path: string, tail: 'cut' | 'keep'): Promise<string | undefined> {
  const file = await open(path, tail === 'cut' ? 'r+' : 'r').catch(unlessMissing);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(size - from),
      position: from,
    });
    const text = buffer.subarray(0, bytesRead);
    const end = text.lastIndexOf(NEWLINE) + 1;
    if (tail === 'cut' && end < bytesRead) await file.truncate(from + end);
    if (end === 0) return undefined;
    const begin = end < 2 ? 0 : text.lastIndexOf(NEWLINE, end - 2) + 1;
    return text.toString('utf8', begin, end - 1);
  } finally {
    await file.close();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
