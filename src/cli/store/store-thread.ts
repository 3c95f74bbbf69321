import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../config/package-files.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { WireError } from '../../protocol/errors.ts';
import type { StoreCalls } from '../../protocol/store-calls.ts';

type Answer = { id: number } & ({ result: unknown } | { error: WireError });
interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Works on a data directory without the daemon, in a thread that holds its lock where that is needed. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(dataDir: string, encryptionKey: Uint8Array | undefined) {
    const entry = workerEntry('storage/store.worker.js');
    this.#worker = new Worker(entry, { workerData: { dataDir, encryptionKey } });
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('the store thread has ended')));
  }

  call<Name extends keyof StoreCalls>(
    name: Name,
    input: Parameters<StoreCalls[Name]>[0],
  ): Promise<Awaited<ReturnType<StoreCalls[Name]>>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as never), reject });
      this.#worker.postMessage({ id, name, input });
    });
  }

  /** Gives the data directory free. */
  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('close');
    await exited;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(CodiError.fromWire(answer.error));
    else waiting?.resolve(answer.result);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
