import type { HostClock, Timer } from './host-ports.ts';
import type { PathNode } from './path-tree.ts';

/** Beyond this many, names are judged at once. */
const HELD_LIMIT = 1_000;

/**
 * Names at which a hint found a file gone or just come, as in the middle of being saved in several steps. They are
 * looked at again after a while, and only what is there then is told: a save is one change.
 */
export class HeldNames {
  readonly #limitCount: number;
  readonly #clock: HostClock;
  readonly #onDue: (directory: PathNode, name: string) => void;
  readonly #dueMs = new Map<PathNode, Map<string, number>>();
  /** Their time is over; they are judged by the pass that is under way. */
  readonly #released = new Map<PathNode, Set<string>>();
  #count = 0;
  #timer: { timer: Timer; dueMs: number } | undefined;

  constructor(
    clock: HostClock,
    onDue: (directory: PathNode, name: string) => void,
    limitCount = HELD_LIMIT,
  ) {
    this.#limitCount = limitCount;
    this.#clock = clock;
    this.#onDue = onDue;
  }

  isHeld(directory: PathNode, name: string): boolean {
    return this.#dueMs.get(directory)?.has(name) ?? false;
  }

  /** Whether any name in this directory is held. */
  hasIn(directory: PathNode): boolean {
    return this.#dueMs.has(directory);
  }

  /** Holds a name from now on for so long, or longer when it was to be; false when it is to be judged now. */
  hold(directory: PathNode, name: string, forMs: number): boolean {
    if (this.#released.get(directory)?.has(name)) return false;
    const held = this.#dueMs.get(directory);
    const untilMs = held?.get(name);
    if (untilMs === undefined && this.#count >= this.#limitCount) return false;
    const dueMs = Math.max(untilMs ?? 0, this.#clock.monotonicMs() + forMs);
    if (untilMs === undefined) this.#count += 1;
    if (held) held.set(name, dueMs);
    else this.#dueMs.set(directory, new Map([[name, dueMs]]));
    this.#arm(dueMs);
    return true;
  }

  /** Gives up all that are due by then; whether there were any. */
  release(untilMs: number): boolean {
    const before = this.#count;
    let nextMs = Infinity;
    for (const [directory, held] of this.#dueMs) {
      for (const [name, dueMs] of held) {
        if (dueMs > untilMs) nextMs = Math.min(nextMs, dueMs);
        else this.#give(directory, held, name);
      }
      if (held.size === 0) this.#dueMs.delete(directory);
    }
    if (nextMs < Infinity) this.#arm(nextMs);
    return this.#count < before;
  }

  /** A pass is over. What came free while it was under way is judged by the next one, if it waits for that. */
  forgetReleased(isWaiting: (directory: PathNode, name: string) => boolean): void {
    for (const [directory, names] of this.#released) {
      for (const name of names) if (!isWaiting(directory, name)) names.delete(name);
      if (names.size === 0) this.#released.delete(directory);
    }
  }

  clear(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer.timer);
    this.#timer = undefined;
    this.#dueMs.clear();
    this.#released.clear();
    this.#count = 0;
  }

  #give(directory: PathNode, held: Map<string, number>, name: string): void {
    held.delete(name);
    this.#count -= 1;
    const released = this.#released.get(directory);
    if (released) released.add(name);
    else this.#released.set(directory, new Set([name]));
    this.#onDue(directory, name);
  }

  #arm(dueMs: number): void {
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    if (this.#timer) this.#clock.clearTimeout(this.#timer.timer);
    const nowMs = this.#clock.monotonicMs();
    const timer = this.#clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.release(this.#clock.monotonicMs());
      },
      Math.max(0, dueMs - nowMs),
    );
    this.#timer = { timer, dueMs };
  }
}
