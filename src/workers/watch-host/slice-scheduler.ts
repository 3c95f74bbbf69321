import type { HostClock } from './host-ports.ts';

/** 'urgent': what hints and syncs wait for. 'background': sweeps. */
export type Lane = 'urgent' | 'background';

export interface SlicedWork {
  hasWork(lane: Lane): boolean;
  /** Works at least one step and until the deadline (monotonic ms) at most. */
  run(lane: Lane, deadlineMs: number): void;
}

const SLICE_MS = 4;

/**
 * Gives every root its turn: in each turn of the event loop all urgent work, and one root's background work. Input
 * is taken between turns, so nobody waits long for anybody else.
 */
export class SliceScheduler {
  readonly #clock: HostClock;
  readonly #works = new Set<SlicedWork>();
  #isScheduled = false;
  #isPaused = false;

  constructor(clock: HostClock) {
    this.#clock = clock;
  }

  add(work: SlicedWork): void {
    this.#works.add(work);
  }

  delete(work: SlicedWork): void {
    this.#works.delete(work);
  }

  /** Call when a work may have something to do. */
  wake(): void {
    if (this.#isScheduled || this.#isPaused) return;
    this.#isScheduled = true;
    this.#clock.setImmediate(() => this.#turn());
  }

  /** Stops the turns while the way out is blocked. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (!isPaused) this.wake();
  }

  #turn(): void {
    this.#isScheduled = false;
    if (this.#isPaused) return;
    for (const work of [...this.#works])
      if (work.hasWork('urgent')) work.run('urgent', this.#clock.monotonicMs() + SLICE_MS);
    for (const work of this.#works) {
      if (!work.hasWork('background')) continue;
      // To the end of the line.
      this.#works.delete(work);
      this.#works.add(work);
      work.run('background', this.#clock.monotonicMs() + SLICE_MS);
      break;
    }
    if ([...this.#works].some((work) => work.hasWork('urgent') || work.hasWork('background')))
      this.wake();
  }
}
