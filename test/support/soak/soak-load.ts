import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { isCodiError } from '#codi/protocol/errors.js';

/** Something that is done again and again. */
export interface Activity {
  readonly name: string;
  /** From one beginning to the next, when it takes less. */
  readonly everyMs: number;
  run(round: number): Promise<void>;
  /** Gives back what it kept from round to round. */
  end?(): Promise<void>;
}

const COMPLAINTS_MAX = 20;

/** Activities beside each other, each at its own pace. */
export class SoakLoad {
  readonly #activities: readonly Activity[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[];
  readonly rounds: Record<string, number> = {};
  readonly complaints: string[] = [];

  /** Names are made from the number of a round: a second load begins where no other has been. */
  constructor(activities: readonly Activity[], firstRound = 0) {
    this.#activities = activities;
    setMaxListeners(activities.length, this.#stop.signal);
    this.#running = activities.map((activity) => this.#keepOn(activity, firstRound));
  }

  /** Resolves when everything that was begun is done and given back. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    for (const { name, end } of this.#activities)
      await end?.().catch((error: unknown) => this.#complain(name, error));
  }

  async #keepOn({ name, everyMs, run }: Activity, firstRound: number): Promise<void> {
    const { signal } = this.#stop;
    for (let round = firstRound; !signal.aborted; round += 1) {
      const sinceMs = performance.now();
      await run(round).then(
        () => (this.rounds[name] = round + 1 - firstRound),
        (error: unknown) => this.#complain(name, error),
      );
      const restMs = Math.max(0, everyMs - (performance.now() - sinceMs));
      await pause(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #complain(name: string, error: unknown): void {
    // The main thread was collecting its heap for a sample, and said so.
    if (isCodiError(error) && error.code === 'CODI_ACTOR_BUSY') return;
    if (this.complaints.length < COMPLAINTS_MAX)
      this.complaints.push(`${name}: ${String((error as Error)?.stack ?? error)}`);
  }
}
