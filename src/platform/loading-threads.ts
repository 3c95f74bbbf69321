import type { Worker } from 'node:worker_threads';
import { loadedThread } from '../supervisor/loaded-thread.ts';

/** The threads of a pool, of which each is let load before it may be ended (see loadedThread). */
export class LoadingThreads {
  readonly #pool: { readonly threads: readonly Worker[] };
  readonly #loading = new Map<Worker, Promise<void>>();

  constructor(pool: { readonly threads: readonly Worker[] }) {
    this.#pool = pool;
  }

  /** To be called whenever a thread may have been started; resolves when all that there are have loaded. */
  async loaded(): Promise<void> {
    const { threads } = this.#pool;
    for (const thread of this.#loading.keys())
      if (!threads.includes(thread)) this.#loading.delete(thread);
    for (const thread of threads)
      if (!this.#loading.has(thread)) this.#loading.set(thread, loadedThread(thread));
    await Promise.all(this.#loading.values());
  }
}
