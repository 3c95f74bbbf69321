import type { StoreKind } from './open-database.ts';

const STORES = { ledger: 0, state: 1 } as const;
/** Who opens databases for writing beside their writers; each has one connection to each. */
export const HOLDERS = { notary: 2, maintenance: 4 } as const;
/** Counts writers that began or ended, by store. */
const WRITERS = 6;
/** What that count was for the last writer that has looked, by store. */
const LOOKED = 8;
/** Which file that writer has open, by store. */
const FILES = 10;
const LOOK_MS = 10;

/** Device and inode, by which a file is the same under any name. */
export interface FileIdentity {
  dev: bigint;
  ino: bigint;
}

/**
 * Keeps a file from being replaced under somebody who has it open: such a connection would go on with the old
 * database and the new one's log. Shared by threads: for each store a count that is odd while it is open, and for each
 * holder whether it has it open. It begins closed, until the writer has seen that the store is sound.
 *
 * Nobody opens a store that its present writer has not looked at: what was signed is the writer's only measure of what
 * is missing, and the notary would sign anew what it finds; a checkpoint would carry an old log over newer pages. The
 * order in which actors start and come back does not matter therefore. Nor does anybody open another file under its name.
 */
export class StoreGate {
  readonly #words: Int32Array | undefined;
  /** What a writer in this thread is, by store. */
  readonly #numbers: Partial<Record<StoreKind, number>> = {};

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

  /** Says that a holder is about to open this file; returns the turn, or undefined when it must not. */
  enter(kind: StoreKind, holder: keyof typeof HOLDERS, file: FileIdentity): number | undefined {
    this.#hold(kind, holder, 1);
    const mayOpen = this.#isLookedAt(kind) && this.isOpened(kind, file);
    const turn = mayOpen ? this.turnOf(kind) : undefined;
    if (turn === undefined) this.leave(kind, holder);
    return turn;
  }

  leave(kind: StoreKind, holder: keyof typeof HOLDERS): void {
    this.#hold(kind, holder, 0);
  }

  /**
   * A writer begins, or one has ended: who has the store open keeps it, nobody else opens it until the writer that began
   * last has looked.
   */
  change(kind: StoreKind): void {
    if (this.#words) this.#numbers[kind] = Atomics.add(this.#words, WRITERS + STORES[kind], 1) + 1;
  }

  /** For the writer: nobody opens it from now on, and who has it open lets go. */
  close(kind: StoreKind): void {
    if (this.turnOf(kind) !== undefined && this.#words) Atomics.add(this.#words, STORES[kind], 1);
  }

  /**
   * For the writer, which has looked at this file and is about to serve. Who has another one open lets go. Nothing when
   * the writer has been given up meanwhile.
   */
  open(kind: StoreKind, file: FileIdentity): void {
    const number = this.#numbers[kind];
    if (!this.#words || number !== Atomics.load(this.#words, WRITERS + STORES[kind])) return;
    if (!this.isOpened(kind, file)) this.close(kind);
    Atomics.store(this.#words, FILES + STORES[kind], markOf(file));
    Atomics.store(this.#words, LOOKED + STORES[kind], number);
    if (this.turnOf(kind) === undefined) Atomics.add(this.#words, STORES[kind], 1);
  }

  /** Whether it is the file that the writer which looked last has open. */
  isOpened(kind: StoreKind, file: FileIdentity): boolean {
    return !this.#words || Atomics.load(this.#words, FILES + STORES[kind]) === markOf(file);
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

  #isLookedAt(kind: StoreKind): boolean {
    if (!this.#words) return true;
    const number = Atomics.load(this.#words, LOOKED + STORES[kind]);
    return number === Atomics.load(this.#words, WRITERS + STORES[kind]);
  }

  #hold(kind: StoreKind, holder: keyof typeof HOLDERS, value: number): void {
    if (this.#words) Atomics.store(this.#words, HOLDERS[holder] + STORES[kind], value);
  }
}

/** As good as the identity: two files that take each other's place differ in a few bits of their number. */
function markOf({ dev, ino }: FileIdentity): number {
  return Number(BigInt.asIntN(32, ino ^ (ino >> 32n) ^ (dev * 2_654_435_761n)));
}
