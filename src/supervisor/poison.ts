import type { PoisonSpec } from './child-spec.ts';

/** Messages under suspicion at a time. */
const SUSPECTS_LIMIT = 100;

/** Counts crashes per message, over the incarnations of one actor. */
export class PoisonWatch {
  readonly #spec: PoisonSpec;
  readonly #crashes = new Map<unknown, number>();

  constructor(spec: PoisonSpec) {
    this.#spec = spec;
  }

  /** A crash happened on this message. again: deliver it once more. quarantine: it goes to the dead letters. */
  blame(message: unknown): 'again' | 'quarantine' {
    const key = this.#keyOf(message);
    const crashes = (this.#crashes.get(key) ?? 0) + 1;
    this.#crashes.delete(key);
    if (crashes >= this.#spec.maxCrashes) return 'quarantine';
    this.#crashes.set(key, crashes);
    if (this.#crashes.size > SUSPECTS_LIMIT)
      this.#crashes.delete(this.#crashes.keys().next().value);
    return 'again';
  }

  /** It was handled after all. */
  acquit(message: unknown): void {
    if (this.#crashes.size > 0) this.#crashes.delete(this.#keyOf(message));
  }

  #keyOf(message: unknown): unknown {
    try {
      return this.#spec.key?.(message) ?? message;
    } catch {
      return message;
    }
  }
}
