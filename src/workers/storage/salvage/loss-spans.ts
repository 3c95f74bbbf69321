import type { LossSpan } from '../healing.messages.ts';
import { LOSSES, type LossKind } from '../lost-blocks.ts';

type Range = LossSpan['ranges'][number];

/** What is lost, told by spans of blocks; added in order. */
export class LossSpans {
  #spans: LossSpan[] = [];

  get all(): readonly LossSpan[] {
    return this.#spans;
  }

  /** How many blocks are in them. */
  get blocks(): number {
    return this.#spans.reduce((sum, one) => sum + one.lastBlock - one.firstBlock + 1, 0);
  }

  add(n: number, kind: LossKind, ranges: readonly Range[]): void {
    const last = this.#spans.at(-1);
    if (last?.kind !== kind || last.lastBlock !== n - 1) {
      const copies = ranges.map((range) => ({ ...range }));
      this.#spans.push({ firstBlock: n, lastBlock: n, kind, ranges: copies });
      return;
    }
    last.lastBlock = n;
    for (const range of ranges) {
      const before = last.ranges.find(({ stream }) => stream === range.stream);
      if (before) before.last = range.last;
      else last.ranges.push({ ...range });
    }
  }

  /** A block with these entries is not lost after all. */
  remove(n: number, taken: readonly Range[]): void {
    this.#spans = this.#spans.flatMap((span) => {
      if (n < span.firstBlock || n > span.lastBlock) return [span];
      const of = (stream: number) => taken.find((range) => range.stream === stream);
      const before = span.ranges.map((range) => {
        const last = Math.min(range.last, (of(range.stream)?.first ?? Infinity) - 1);
        return { ...range, last };
      });
      const after = span.ranges.map((range) => {
        const first = Math.max(range.first, (of(range.stream)?.last ?? 0) + 1);
        return { ...range, first };
      });
      return [
        { ...span, lastBlock: n - 1, ranges: before.filter(isSome) },
        { ...span, firstBlock: n + 1, ranges: after.filter(isSome) },
      ].filter(({ firstBlock, lastBlock }) => firstBlock <= lastBlock);
    });
  }

  /** Leaves of the first blocks that were made anew are right after all. */
  forgive(size: number): void {
    this.#spans = this.#spans.filter(
      ({ kind, lastBlock }) => kind !== LOSSES.leaf || lastBlock >= size,
    );
  }
}

function isSome({ first, last }: Range): boolean {
  return first <= last;
}
