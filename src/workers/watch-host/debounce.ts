import { HeldNames } from './held-names.ts';
import type { HostClock } from './host-ports.ts';
import type { PathNode } from './path-tree.ts';

/** Beyond this many names nothing is held: they are looked at as they come. */
const NAMES_LIMIT = 20_000;
/** Names become due in steps, so that one timer serves many. */
const STEP_MS = 20;

/** Names wait from their first hint on for a fixed time; what happens to them meanwhile is one change. */
export class Debounce {
  readonly #clock: HostClock;
  readonly #forMs: number;
  readonly #names: HeldNames;

  constructor(clock: HostClock, forMs: number, onDue: (directory: PathNode, name: string) => void) {
    this.#clock = clock;
    this.#forMs = forMs;
    this.#names = new HeldNames(clock, onDue, NAMES_LIMIT);
  }

  isHeld(directory: PathNode, name: string): boolean {
    return this.#names.isHeld(directory, name);
  }

  /** False: it is to be looked at now. */
  hold(directory: PathNode, name: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const dueMs = Math.ceil((nowMs + this.#forMs) / STEP_MS) * STEP_MS;
    return this.#names.hold(directory, name, dueMs - nowMs);
  }

  /** The pass that judged those that were due is over. */
  passed(isWaiting: (directory: PathNode, name: string) => boolean): void {
    this.#names.forgetReleased(isWaiting);
  }

  clear(): void {
    this.#names.clear();
  }
}
