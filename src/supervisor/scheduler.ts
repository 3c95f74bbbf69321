import type { Clock } from './clock.ts';
import { FifoQueue } from './fifo-queue.ts';

/** Steps one actor takes before the next one has its turn. */
export const TURN_STEPS = 100;
/** Time the run queue takes before input and output have theirs; also the longest turn. */
export const TURN_MS = 2;
/** Turns in one pass when the clock stands still. */
const PASS_TURNS = 1_000;

export interface Runnable {
  /** Takes a turn; true when work is left. Must not throw. */
  runTurn(): boolean;
}

/**
 * Run queue of all actors of a system. A send only queues, so a relay through any number of actors needs no
 * stack; after the time budget the queue yields to the event loop.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #queue = new FifoQueue<Runnable>();
  #isPassDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The caller sees to it that a runnable is in the queue once at most. */
  enqueue(runnable: Runnable): void {
    this.#queue.push(runnable);
    if (!this.#isPassDue) this.#requestPass();
  }

  #requestPass(): void {
    this.#isPassDue = true;
    this.#clock.setImmediate(this.#pass);
  }

  readonly #pass = (): void => {
    const endMs = this.#clock.monotonicMs() + TURN_MS;
    for (let turns = 0; turns < PASS_TURNS; turns += 1) {
      const runnable = this.#queue.shift();
      if (!runnable) break;
      if (runnable.runTurn()) this.#queue.push(runnable);
      if (this.#clock.monotonicMs() >= endMs) break;
    }
    this.#isPassDue = false;
    if (this.#queue.length > 0) this.#requestPass();
  };
}
