import type { SecretCounts } from '../exports.messages.ts';

/**
 * Well-known forms of secrets, by what issues them. They are counted, so that a row says what a file may hold; docs/exports.md
 * lists them. A form that is not here is not found.
 */
export const SECRET_FORMS: Readonly<Record<string, RegExp>> = {
  private_key: /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/g,
  aws_access_key: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  github_token: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g,
  gitlab_token: /\bglpat-[A-Za-z0-9_-]{20,64}/g,
  slack_token: /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g,
  google_api_key: /\bAIza[0-9A-Za-z_-]{35}/g,
  model_api_key: /\bsk-[A-Za-z0-9_-]{20,250}/g,
  stripe_key: /\b[rs]k_live_[0-9A-Za-z]{16,100}/g,
  npm_token: /\bnpm_[A-Za-z0-9]{36}/g,
  json_web_token: /\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}/g,
};

/** A match may begin in one piece and end in the next. */
const OVERLAP_BYTES = 16 * 1024;

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
