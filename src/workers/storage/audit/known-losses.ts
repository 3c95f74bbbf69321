import type { BlockRange } from '../block.ts';
import { LOSSES, type LossKind, type LostBlock } from '../lost-blocks.ts';
import type { Finding } from './verify-chain.ts';

/** More would say nothing new; the count goes on. */
const LOSSES_MAX = 100;

const WORDS: Record<LossKind, string> = {
  [LOSSES.entries]: 'entries are lost',
  [LOSSES.all]: 'entries are lost, with the leaf',
  [LOSSES.leaf]: 'the leaf was made anew from its entries, which nothing else shows to be right',
};

interface Span {
  first: number;
  last: number;
  of: LostBlock;
  ranges: BlockRange[];
}

/** What a healed database names as lost, told by spans of blocks. */
export class KnownLosses {
  readonly #spans: Span[] = [];

  add(of: LostBlock, ranges: readonly BlockRange[]): void {
    const span = this.#spans.at(-1);
    const isNext = span?.last === of.block - 1 && span.of.kind === of.kind;
    if (isNext && span.of.foundMs === of.foundMs) {
      span.last = of.block;
      for (const range of ranges) {
        const before = span.ranges.find(({ stream }) => stream === range.stream);
        if (before) before.last = range.last;
        else span.ranges.push({ ...range });
      }
    } else if (this.#spans.length < LOSSES_MAX) {
      const copies = ranges.map((range) => ({ ...range }));
      this.#spans.push({ first: of.block, last: of.block, of, ranges: copies });
    }
  }

  /** `unprovedOf`: where those of them stand that can be read and not be proved, by when they were found. */
  findings(unprovedOf: (foundMs: number) => string | undefined): Finding[] {
    return this.#spans.map(({ first, last, of, ranges }) => {
      const found = new Date(of.foundMs).toISOString();
      const more = first === last ? '' : ` (and up to block ${last})`;
      const file = of.kind === LOSSES.leaf ? undefined : unprovedOf(of.foundMs);
      const readable = file === undefined ? '' : `; what can still be read of them is in ${file}`;
      return {
        block: first,
        ranges,
        reason: `${WORDS[of.kind]}${more}; found ${found}${readable}`,
      };
    });
  }
}
