import type { Scope } from '../../supervisor/index.ts';

/** A thread that does not say that the answer left is not waited for any longer. */
const WAIT_MS = 100;

/** What is done after its answer has left, for it may end the way that the answer takes. */
export class Deeds {
  readonly #scope: Scope;
  readonly #armed = new Map<number, () => void>();
  #added: (() => void) | undefined;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Belongs to the question that is being answered. */
  add(deed: () => void): void {
    this.#added = deed;
  }

  /** The answer to that question leaves now; false when nothing follows it. */
  arm(askId: number): boolean {
    const deed = this.#added;
    this.#added = undefined;
    if (!deed) return false;
    const cancel = this.#scope.after(WAIT_MS, () => this.carryOut(askId));
    this.#armed.set(askId, () => {
      cancel();
      deed();
    });
    return true;
  }

  carryOut(askId: number): void {
    const deed = this.#armed.get(askId);
    this.#armed.delete(askId);
    deed?.();
  }
}
