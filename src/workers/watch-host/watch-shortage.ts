import type { HostClock, Timer } from './host-ports.ts';
import type { WatchState } from './hints.ts';
import type { PathNode } from './path-tree.ts';

export interface WatchShortagePorts {
  readonly clock: HostClock;
  /** Tries to watch one of the directories again. */
  place(directory: PathNode): WatchState;
  /** It is watched again: it has to be looked through once more. */
  onPlaced(directory: PathNode): void;
  /** There are more or fewer such directories now. */
  onChange(): void;
}

const RETRY_MIN_MS = 60_000;
const RETRY_MAX_MS = 600_000;
/** Watches placed in one go; then others get their turn. */
const PLACED_AT_ONCE = 256;

/**
 * The directories of a root that no watch was left for. They are polled, and a minute later, then more rarely, it
 * is tried again to watch them.
 */
export class WatchShortage {
  readonly #ports: WatchShortagePorts;
  readonly #directories = new Set<PathNode>();
  #reason: string | undefined;
  #retryMs = RETRY_MIN_MS;
  #timer: Timer | undefined;
  #isRetrying = false;

  constructor(ports: WatchShortagePorts) {
    this.#ports = ports;
  }

  /** Why there are no more; undefined while there are. */
  get reason(): string | undefined {
    return this.#reason;
  }

  get size(): number {
    return this.#directories.size;
  }

  [Symbol.iterator](): Iterator<PathNode> {
    return this.#directories.values();
  }

  has(directory: PathNode): boolean {
    return this.#directories.has(directory);
  }

  /** Whether it makes sense to ask for a watch now. */
  get isTrying(): boolean {
    return this.#reason === undefined || this.#isRetrying;
  }

  begin(reason: string): void {
    this.#isRetrying = false;
    this.#reason = reason;
    if (this.#timer) return;
    const { clock } = this.#ports;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
      this.#isRetrying = true;
      this.#retry();
    }, this.#retryMs);
  }

  add(directory: PathNode): void {
    if (this.#directories.has(directory)) return;
    this.#directories.add(directory);
    this.#ports.onChange();
  }

  delete(directory: PathNode): void {
    if (this.#directories.delete(directory)) this.#ports.onChange();
  }

  /** Another hint source begins with nothing of this. */
  clear(): void {
    if (this.#timer) this.#ports.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isRetrying = false;
    this.#reason = undefined;
    if (this.#directories.size === 0) return;
    this.#directories.clear();
    this.#ports.onChange();
  }

  #retry(): void {
    let count = 0;
    for (const directory of this.#directories) {
      if (!this.#isRetrying) return;
      if (++count > PLACED_AT_ONCE) {
        this.#ports.clock.setImmediate(() => this.#retry());
        return;
      }
      const state = this.#ports.place(directory);
      if (!this.#isRetrying) return;
      this.#directories.delete(directory);
      if (state !== 'unwatched') this.#ports.onPlaced(directory);
    }
    this.#isRetrying = false;
    this.#reason = undefined;
    this.#retryMs = RETRY_MIN_MS;
    this.#ports.onChange();
  }
}
