/** Memory that both threads see, so that a batch is handed over without being copied. */
export type SharedSlab = SharedArrayBuffer;

/** Slabs of one size that are used again and again. Bounded by what may be in flight. */
export class SlabPool {
  readonly #slabBytes: number;
  readonly #keptMax: number;
  readonly #free: SharedSlab[] = [];

  constructor(slabBytes: number, keptMax: number) {
    this.#slabBytes = slabBytes;
    this.#keptMax = keptMax;
  }

  /** A slab of at least so many bytes; its content is anything. */
  take(bytes: number): SharedSlab {
    if (bytes > this.#slabBytes) return new SharedArrayBuffer(bytes);
    return this.#free.pop() ?? new SharedArrayBuffer(this.#slabBytes);
  }

  /** The ledger looks at it no more. */
  giveBack(slab: SharedSlab): void {
    if (slab.byteLength === this.#slabBytes && this.#free.length < this.#keptMax)
      this.#free.push(slab);
  }
}
