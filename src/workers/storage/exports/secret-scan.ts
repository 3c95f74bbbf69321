import { SECRET_FORMS, SECRET_UNITS_MAX } from '../../../protocol/secret-forms.ts';
import type { SecretCounts } from '../exports.messages.ts';

/** A match may begin in one piece and end in the next. */
const OVERLAP_BYTES = SECRET_UNITS_MAX;

/** Counts secrets in a content that comes piece by piece. */
export class SecretScan {
  readonly #counts: Record<string, number>;
  #carried = '';

  /** `before`: what was counted in the part that comes before the first piece. */
  constructor(before: SecretCounts = {}) {
    this.#counts = { ...before };
  }

  /** The end of the part that was counted already. */
  skip(bytes: Buffer): void {
    this.#carried = (this.#carried + bytes.toString('latin1')).slice(-OVERLAP_BYTES);
  }

  add(bytes: Buffer): void {
    const text = this.#carried + bytes.toString('latin1');
    const known = this.#carried.length;
    for (const [kind, form] of Object.entries(SECRET_FORMS)) {
      for (const { index, 0: match } of text.matchAll(form))
        // What ended before was counted then; what reaches the end of it was cut there.
        if (index + match.length > known && !(index < known && this.#wasCut(form, index)))
          this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
    }
    this.#carried = text.slice(-OVERLAP_BYTES);
  }

  get counts(): SecretCounts {
    return this.#counts;
  }

  /** Whether the part of a match that was there before was a match already. */
  #wasCut(form: RegExp, index: number): boolean {
    const pattern = new RegExp(form.source, 'y');
    pattern.lastIndex = index;
    return pattern.test(this.#carried);
  }
}
