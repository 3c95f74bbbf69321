import { CodiError } from '../protocol/errors.ts';

interface Waiter {
  begin(): void;
  refuse(error: CodiError): void;
  timer: NodeJS.Timeout;
}

/**
 * Lets so many reads run at a time; others wait their turn, so that the limit of a read counts from its own
 * beginning. First come, first served: a client that asks page after page goes to the end each time.
 */
export class ReaderQueue {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waitMs: number;
  readonly #waiting: Waiter[] = [];
  #running = 0;

  constructor(options: { runningMax: number; waitingMax: number; waitMs: number }) {
    this.#runningMax = options.runningMax;
    this.#waitingMax = options.waitingMax;
    this.#waitMs = options.waitMs;
  }

  /** Runs when there is room. Rejects with CODI_OVERLOADED when too many wait, or this one for too long. */
  async run<Result>(read: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#runningMax) await this.#turn();
    else this.#running += 1;
    try {
      return await read();
    } finally {
      // Whoever is next takes the place over.
      const next = this.#waiting.shift();
      if (next) next.begin();
      else this.#running -= 1;
    }
  }

  /** Nobody will get a turn any more. */
  close(): void {
    for (const waiter of this.#waiting.splice(0))
      waiter.refuse(new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: 'the readers restart' }));
  }

  #turn(): Promise<void> {
    const overloaded = new CodiError('CODI_OVERLOADED', { retryMs: 250 });
    if (this.#waiting.length >= this.#waitingMax) return Promise.reject(overloaded);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        begin: () => {
          clearTimeout(waiter.timer);
          resolve();
        },
        refuse: (error) => {
          clearTimeout(waiter.timer);
          reject(error);
        },
        timer: setTimeout(() => {
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
          reject(overloaded);
        }, this.#waitMs),
      };
      this.#waiting.push(waiter);
    });
  }
}
