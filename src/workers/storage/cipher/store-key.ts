import { hkdfSync } from 'node:crypto';
import type { StoreKind } from '../open-database.ts';

export const KEY_BYTES = 32;
const ID_BYTES = 8;
const NO_SALT = new Uint8Array();

/** The main key of a store, from which a key for each purpose is derived (HKDF-SHA-256). It shows itself to nobody. */
export class StoreKey {
  readonly #main: Uint8Array;

  /** `main`: high-entropy bytes of any length; it is not stretched. */
  constructor(main: Uint8Array) {
    this.#main = main;
  }

  /** Tells keys apart, and nothing about them: 16 hex digits. */
  get id(): string {
    return this.#derive('codi key id', NO_SALT, ID_BYTES).toString('hex');
  }

  forDatabase(kind: StoreKind): Buffer {
    return this.#derive(`codi ${kind}.db`, NO_SALT, KEY_BYTES);
  }

  /** Each segment has a salt, and so a key, of its own. */
  forSegment(salt: Uint8Array): Buffer {
    return this.#derive('codi segment', salt, KEY_BYTES);
  }

  #derive(purpose: string, salt: Uint8Array, length: number): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#main, salt, purpose, length));
  }
}

let current: StoreKey | undefined;

/**
 * The key of the store that this thread works on; undefined: it is plain. One thread serves one data directory, and
 * whoever opens a file of it takes the key from here: one that was forgotten on the way would write plain text.
 */
export function storeKey(): StoreKey | undefined {
  return current;
}

/** To be called where a thread begins, before it opens anything. */
export function useStoreKey(main: Uint8Array | undefined): void {
  current = main && new StoreKey(main);
}
