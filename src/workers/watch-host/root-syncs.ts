/**
 * Questions whether all of a root, or parts of it, is recorded, while nobody can answer them: the root is not being
 * swept yet, or its paths are being looked at.
 */
export class RootSyncs {
  readonly #tell: (id: number, batch: number) => void;
  /** Asked for while the root is not being swept. */
  #waiting: number[] = [];
  /** Their paths are being looked at. */
  readonly #looking = new Set<number>();

  constructor(tell: (id: number, batch: number) => void) {
    this.#tell = tell;
  }

  wait(...ids: readonly number[]): void {
    this.#waiting.push(...ids);
  }

  takeWaiting(): number[] {
    return this.#waiting.splice(0);
  }

  look(id: number): void {
    this.#looking.add(id);
  }

  looked(id: number): void {
    this.#looking.delete(id);
  }

  /** What was being looked at will not be: it waits as well. */
  stopLooking(): void {
    this.wait(...this.#looking);
    this.#looking.clear();
  }

  answer(ids: readonly number[], batch: number): void {
    for (const id of ids) this.#tell(id, batch);
  }

  answerWaiting(batch: number): void {
    this.answer(this.takeWaiting(), batch);
  }
}
