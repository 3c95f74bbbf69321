import type { RootOptions } from '../../workers/watch-host/watch-host.messages.ts';
import { hostKind, withoutRecursive } from './host-placement.ts';

/**
 * The way of one root to a host for recursive watchers, which hold up whatever shares a process with them: when it
 * turns out that it has too many directories for a watch each.
 */
export class RecursiveMove {
  readonly #host: () => string;
  #options: RootOptions;
  #isUnderWay = false;

  /** `host`: the present one of the root. */
  constructor(options: RootOptions, host: () => string) {
    this.#options = options;
    this.#host = host;
  }

  /** How the root is watched. */
  get options(): RootOptions {
    return this.#options;
  }

  /** On its way, or looked at by the new host for the first time. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  get isPossible(): boolean {
    const { hintSource, recursive } = this.#options;
    return hintSource === 'auto' && recursive && hostKind(this.#host()) === 'fs';
  }

  /** Whether the index has too many directories: then the host need not find it out. */
  async isNeeded(countUpTo: (limit: number) => Promise<number>): Promise<boolean> {
    const { directoryBudget } = this.#options;
    return this.isPossible && (await countUpTo(directoryBudget + 1)) > directoryBudget;
  }

  begin(): void {
    this.#isUnderWay = true;
  }

  /** There is no such host: it does without. */
  giveUp(): void {
    this.#options = withoutRecursive(this.#options);
  }

  /** The root is watched, or the host that began with it is gone. */
  end(): void {
    this.#isUnderWay = false;
  }
}
