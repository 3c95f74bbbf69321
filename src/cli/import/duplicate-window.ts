import { hash } from 'node:crypto';

/**
 * How many different records back an exact duplicate is recognised at least, and at most twice as many. Part of what
 * READER_VERSION stands for.
 */
const WINDOW = 65_536;

/** Recognises records that are the same to the byte as one of the last ones. */
export class DuplicateWindow {
  readonly #limit: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(limit = WINDOW) {
    this.#limit = limit;
  }

  /** Whether it was there before; it is from now on. */
  isDuplicate(bytes: Uint8Array): boolean {
    const key = hash('sha1', bytes, 'base64');
    if (this.#young.has(key) || this.#old.has(key)) return true;
    // A whole set at a time: taking the oldest out of one gets slower with each.
    if (this.#young.size === this.#limit) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
    return false;
  }
}
