import type { StoreKind } from './open-database.ts';

const STORES = { ledger: 0, state: 1 } as const;
/** Who opens databases for writing beside their writers; each has one connection to each. */
export const HOLDERS = { notary: 2, maintenance: 4 } as const;
const LOOK_MS = 10;

/**
 * Keeps a file from being replaced under somebody who has it open: such a connection would go on with the old
 * database and the new one's log. Shared by threads: for each store a count that is odd while it is open, and for each
 * holder whether it has it open. It begins closed, until the writer has seen that the store is sound.
 */
export class StoreGate {
  readonly #words: Int32Array | undefined;

  /** Without words everything is always open. */
  constructor(words?: Int32Array) {
    this.#words = words;
  }

  /** The turn of a store that is open, which stays the same until it is closed; undefined while it is closed. */
  turnOf(kind: StoreKind): number | undefined {
    if (!this.#words) return 1;
    const turn = Atomics.load(this.#words, STORES[kind]);
    return turn % 2 === 1 ? turn : undefined;
  }

  /** Says that a holder is about to open it; returns the turn, or undefined when it must not. */
  enter(kind: StoreKind, holder: keyof typeof HOLDERS): number | undefined {
    this.#hold(kind, holder, 1);
    const turn = this.turnOf(kind);
    if (turn === undefined) this.leave(kind, holder);
    return turn;
  }

  leave(kind: StoreKind, holder: keyof typeof HOLDERS): void {
    this.#hold(kind, holder, 0);
  }

  /** For the writer: nobody opens it from now on. */
  close(kind: StoreKind): void {
    if (this.turnOf(kind) !== undefined && this.#words) Atomics.add(this.#words, STORES[kind], 1);
  }

  open(kind: StoreKind): void {
    if (this.turnOf(kind) === undefined) Atomics.add(this.#words!, STORES[kind], 1);
  }

  /** Waits until nobody has it open, or that long: a thread that died may not have said that it let go. */
  async empty(kind: StoreKind, timeoutMs: number): Promise<void> {
    const words = this.#words;
    if (!words) return;
    const isHeld = () =>
      Object.values(HOLDERS).some((holder) => Atomics.load(words, holder + STORES[kind]) !== 0);
    for (let waitedMs = 0; isHeld() && waitedMs < timeoutMs; waitedMs += LOOK_MS)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  #hold(kind: StoreKind, holder: keyof typeof HOLDERS, value: number): void {
    if (this.#words) Atomics.store(this.#words, HOLDERS[holder] + STORES[kind], value);
  }
}
