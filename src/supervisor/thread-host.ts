import { env as parentEnv } from 'node:process';
import { Worker } from 'node:worker_threads';
import type { Host, HostExit, HostOptions } from './environment.ts';
import { loadedThread } from './loaded-thread.ts';

/** Starts a worker thread. It gets a copy of the environment variables and `data` as its workerData. */
export function spawnThreadHost(entry: URL, options: HostOptions): Host {
  const worker = new Worker(entry, {
    name: options.name,
    workerData: options.data,
    env: { ...parentEnv, ...options.env },
  });
  return new ThreadHost(worker);
}

class ThreadHost implements Host {
  readonly kind = 'thread';
  readonly tag: string;
  readonly id: number;
  readonly #worker: Worker;
  readonly #loaded: Promise<void>;
  #error: unknown;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#loaded = loadedThread(worker);
    // Of an ended thread it would be -1.
    this.id = worker.threadId;
    this.tag = `thread ${this.id}`;
    worker.on('error', (error) => {
      this.#error = error;
    });
    worker.on('messageerror', (error) => {
      this.#error = error;
      void worker.terminate();
    });
  }

  post(message: unknown, transfer?: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(message, transfer);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#worker.on('message', listener);
  }

  onExit(listener: (exit: HostExit) => void): void {
    this.#worker.once('exit', (code) => {
      listener({
        code,
        signal: null,
        ...(this.#error === undefined ? {} : { error: this.#error }),
      });
    });
  }

  async kill(): Promise<void> {
    await this.#loaded;
    await this.#worker.terminate();
  }
}
