/** What to do with a line. */
export type RepeatVerdict =
  | { readonly isShown: false }
  /** How many lines like it were held back since the last one. */
  | { readonly isShown: true; readonly heldBack: number };

interface Seen {
  shownAtMs: number;
  heldBack: number;
}

/** Shows a kind of line at most once per interval and counts the others. Bounded in its kinds. */
export class RepeatFilter {
  readonly #intervalMs: number;
  readonly #kindLimitCount: number;
  readonly #seen = new Map<string, Seen>();

  constructor(options: { intervalMs: number; kindLimitCount: number }) {
    this.#intervalMs = options.intervalMs;
    this.#kindLimitCount = options.kindLimitCount;
  }

  judge(kind: string, nowMs: number): RepeatVerdict {
    const seen = this.#seen.get(kind);
    if (seen !== undefined && nowMs - seen.shownAtMs < this.#intervalMs) {
      seen.heldBack += 1;
      return { isShown: false };
    }
    // Set anew so that the map stays ordered by the time of the last shown line.
    this.#seen.delete(kind);
    this.#seen.set(kind, { shownAtMs: nowMs, heldBack: 0 });
    if (this.#seen.size > this.#kindLimitCount) this.#forgetOldest();
    return { isShown: true, heldBack: seen?.heldBack ?? 0 };
  }

  /** Kinds that were held back since they were last shown, with their counts; forgets them. */
  drain(): { kind: string; heldBack: number }[] {
    const open = [...this.#seen]
      .filter(([, seen]) => seen.heldBack > 0)
      .map(([kind, { heldBack }]) => ({ kind, heldBack }));
    this.#seen.clear();
    return open;
  }

  #forgetOldest(): void {
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}
