import type { HostClock } from './host-ports.ts';

/** 'urgent': what hints and syncs wait for. 'background': sweeps. */
export type Lane = 'urgent' | 'background';

export interface SlicedWork {
  hasWork(lane: Lane): boolean;
  /** Works at least one step and until the deadline (monotonic ms) at most. */
  run(lane: Lane, deadlineMs: number): void;
}

const SLICE_MS = 2;

/**
 * Gives every root its turn: in each turn of the event loop all urgent work, and one root's background work. Input
 * is taken between turns, so nobody waits long for anybody else. Who needed least last time is first: a single change
 * does not wait for the slice of a root that is never done.
 */
export class SliceScheduler {
  readonly #clock: HostClock;
  /** How long each took for its urgent work last time, in milliseconds. */
  readonly #works = new Map<SlicedWork, number>();
  #isScheduled = false;
  #isPaused = false;

  constructor(clock: HostClock) {
    this.#clock = clock;
  }

  add(work: SlicedWork): void {
    this.#works.set(work, 0);
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
    const urgent = [...this.#works].filter(([work]) => work.hasWork('urgent'));
    for (const [work] of urgent.sort(([, one], [, two]) => one - two)) {
      const startMs = this.#clock.monotonicMs();
      work.run('urgent', startMs + SLICE_MS);
      if (this.#works.has(work)) this.#works.set(work, this.#clock.monotonicMs() - startMs);
    }
    for (const [work, lastMs] of this.#works) {
      if (!work.hasWork('background')) continue;
      // To the end of the line.
      this.#works.delete(work);
      this.#works.set(work, lastMs);
      work.run('background', this.#clock.monotonicMs() + SLICE_MS);
      break;
    }
    const works = [...this.#works.keys()];
    if (works.some((work) => work.hasWork('urgent') || work.hasWork('background'))) this.wake();
  }
}
