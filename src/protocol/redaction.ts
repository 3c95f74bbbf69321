import { REDACTED_FORMS, SECRET_UNITS_MAX } from './secret-forms.ts';

interface Range {
  from: number;
  to: number;
  kind: string;
}

/** Of our own, because where one begins to look is a part of it. */
const FORMS = Object.entries(REDACTED_FORMS).map(([kind, form]) => ({
  kind,
  form: new RegExp(form, 'g'),
}));

/** The text with every known form of secret replaced by `[redacted:<kind>]`; lines stay lines. */
export function redactText(text: string): string {
  const { cut, shown } = redactedUntil(text, { from: 0, until: text.length });
  return shown + text.slice(cut);
}

/**
 * Replaces secrets in bytes that come piece by piece, wherever they are cut; all other bytes are passed on as they are.
 * What may still become a secret is held back, at most two times the longest one.
 */
export class Redactor {
  /** One byte that was given out, which tells whether a word begins behind it, and what is held. */
  #held = '';
  #isGiven = 0;

  push(bytes: Uint8Array): Buffer {
    this.#held += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    return this.#give(this.#held.length - SECRET_UNITS_MAX);
  }

  end(): Buffer {
    return this.#give(this.#held.length);
  }

  #give(until: number): Buffer {
    if (until <= this.#isGiven) return Buffer.alloc(0);
    const { cut, shown } = redactedUntil(this.#held, { from: this.#isGiven, until });
    if (cut > this.#isGiven) {
      this.#held = this.#held.slice(cut - 1);
      this.#isGiven = 1;
    }
    return Buffer.from(shown, 'latin1');
  }
}

/** A stream of bytes without secrets. */
export async function* redacted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const redactor = new Redactor();
  for await (const piece of pieces) {
    const shown = redactor.push(piece);
    if (shown.length > 0) yield shown;
  }
  yield redactor.end();
}

/** What is shown of the text from there on, and up to where: before a secret that goes beyond `until`. */
function redactedUntil(text: string, { from, until }: { from: number; until: number }) {
  const shown: string[] = [];
  let at = from;
  for (const range of secretsIn(text, from)) {
    if (range.from >= until) break;
    shown.push(text.slice(at, range.from));
    // Forms that overlap without an end are cut, so that what is held has one.
    const isHeld = range.to > until && until - range.from <= SECRET_UNITS_MAX;
    if (isHeld) return { cut: range.from, shown: shown.join('') };
    at = Math.min(range.to, until);
    const lines = text.slice(range.from, at).split('\n').length - 1;
    shown.push(`[redacted:${range.kind}]`, '\n'.repeat(lines));
  }
  const cut = Math.max(at, until);
  shown.push(text.slice(at, cut));
  return { cut, shown: shown.join('') };
}

/** Those that begin there or later, in order; those that overlap as one. */
function secretsIn(text: string, from: number): Range[] {
  const found = FORMS.flatMap(({ kind, form }) => {
    // What stands before is looked at as well: whether a word begins.
    form.lastIndex = from;
    return [...text.matchAll(form)].map(({ index, 0: { length } }) => ({
      ...{ from: index, to: index + length },
      kind,
    }));
  });
  const merged: Range[] = [];
  for (const range of found.sort((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (last && range.from < last.to) last.to = Math.max(last.to, range.to);
    else merged.push(range);
  }
  return merged;
}
