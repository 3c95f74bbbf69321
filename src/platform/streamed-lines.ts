import { constants, fstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';

const STDOUT_FD = 1;
const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK;

interface Output {
  /** Bytes that were taken. */
  write(lines: Uint8Array, from: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Lines into a named pipe or the standard output. Nobody reads, or not fast enough: then `write` rejects instead of
 * waiting, and goes on later; a new reader begins with a whole line.
 */
export class StreamedLines {
  readonly name: string;
  readonly #path: string;
  #output: Output | undefined;
  #lines: Uint8Array | undefined;
  #written = 0;

  /** `-`: standard output. */
  constructor(path: string) {
    this.#path = path;
    this.name = path === '-' ? 'standard output' : path;
  }

  open(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async write(lines: Uint8Array): Promise<void> {
    if (lines !== this.#lines) {
      this.#lines = lines;
      this.#written = 0;
    }
    if (!this.#output) {
      this.#output = await openOutput(this.#path);
      this.#written = this.#written === 0 ? 0 : lines.lastIndexOf(0x0a, this.#written - 1) + 1;
    }
    try {
      while (this.#written < lines.length)
        this.#written += await this.#output.write(lines, this.#written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    await output?.close();
  }
}

async function openOutput(path: string): Promise<Output> {
  if (path !== '-') return fileOutput(await open(path, FLAGS));
  // A socket cannot be opened by its name.
  if (fstatSync(STDOUT_FD).isSocket()) return socketOutput();
  return fileOutput(await open(`/dev/fd/${STDOUT_FD}`, FLAGS | constants.O_APPEND));
}

function fileOutput(file: FileHandle): Output {
  return {
    write: async (lines, from) => (await file.write(lines, from)).bytesWritten,
    close: () => file.close(),
  };
}

function socketOutput(): Output {
  const socket = new Socket({ fd: STDOUT_FD, readable: false, writable: true });
  socket.unref();
  socket.on('error', () => undefined);
  let giveUp: (error: Error) => void = () => undefined;
  return {
    write: (lines, from) =>
      new Promise((resolve, reject) => {
        const rest = lines.subarray(from);
        giveUp = reject;
        socket.write(rest, (error) => (error ? reject(error) : resolve(rest.length)));
      }),
    close: () => {
      giveUp(Object.assign(new Error('the log is closed'), { code: 'ECANCELED' }));
      return Promise.resolve();
    },
  };
}
