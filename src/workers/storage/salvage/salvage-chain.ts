import { leafOf, type BlockRange } from '../block.ts';
import { RARE_STREAMS, STREAMS, type StreamCode } from '../codes.ts';
import { LOSSES, type LossKind } from '../lost-blocks.ts';
import type { StoreKind } from '../open-database.ts';
import type { ArchivedSource } from './archived-source.ts';
import { BlockCandidates, streamsOf, type BlockHead, type StreamPart } from './block-candidates.ts';
import type { FoundRows } from './found-rows.ts';
import { LossSpans } from './loss-spans.ts';
import type { SalvageTarget } from './salvage-target.ts';
import { skippedNumbers } from './skipped-numbers.ts';

/** Stands where a leaf is gone: the hash of no entries. */
const NO_LEAF = leafOf([]);
/** So many blocks are remembered of which it is not known whether their entries or their leaf was altered. */
const SUSPECTS_MAX = 64;

/** A block that does not match its leaf, although all of its entries are there. */
export interface Suspect {
  n: number;
  parts: StreamPart[];
  /** The leaf that its entries make. */
  leaf: Buffer;
}

export interface ChainSource {
  kind: StoreKind;
  found: FoundRows;
  archived: ArchivedSource;
  /** Blocks that were signed. */
  signed: number;
  /** Losses of earlier times, by block. */
  known: ReadonlyMap<number, { kind: LossKind; foundMs: number }>;
  isTailDoubtful: boolean;
}

/** Rebuilds the chain of a damaged database block by block: what its pages hold, and what they do not. */
export class SalvageChain {
  readonly #source: ChainSource;
  readonly #target: SalvageTarget;
  readonly #candidates: BlockCandidates;
  readonly #ends = new Map<StreamCode, number>();
  readonly losses = new LossSpans();
  readonly suspects: Suspect[] = [];
  #committedMs = 0;
  /** Blocks and entries that were found whole. */
  whole = 0;
  entries = 0;
  blocks = 0;
  skippedNumbers = false;

  constructor(source: ChainSource, target: SalvageTarget) {
    this.#source = source;
    this.#target = target;
    this.#candidates = new BlockCandidates(source.found, source.kind);
    for (const stream of streamsOf(source.kind)) this.#ends.set(stream, 0);
  }

  /** How many blocks there were, as far as the pages tell. */
  count(): number {
    const { found, kind } = this.#source;
    const lastOf = (spans: Iterable<{ last: number }>) => {
      let highest = -1;
      for (const { last } of spans) highest = Math.max(highest, last);
      return highest;
    };
    const heads = lastOf(found.spans('blocks'));
    const ranges = Math.max(
      ...streamsOf(kind).map((stream) => lastOf(found.spans(`block_ranges ${stream}`))),
    );
    // Two tables bear each other out: a number that was flipped into a huge one stands alone.
    let count = Math.max(Math.min(heads, ranges), this.#source.archived.lastBlock) + 1;
    while (this.#candidates.heads(count).length > 0 || this.#candidates.hasRanges(count))
      count += 1;
    return count;
  }

  /** Yields after each block. */
  *run(): Generator<number> {
    const count = this.count();
    while (this.blocks < count) {
      this.#takeNext(count);
      yield this.blocks;
    }
    this.#takeRest();
    yield* this.#endTail();
  }

  #takeNext(count: number): void {
    const n = this.blocks;
    const heads = this.#candidates.heads(n);
    const ranges = this.#candidates.ranges(n, this.#ends);
    for (const head of heads)
      if (this.#takeArchived(n, head, ranges) || this.#takeWhole(n, head, ranges)) return;
    if (this.#takeFromArchive(n, heads)) return;
    const isUnknown = heads.length === 0 && ranges.length === 0;
    const missing = this.#candidates.rangesUntilNext(n, this.#ends);
    const isAlone = missing.every(({ next }) => next === n + 1 || this.#isKnownUntil(n + 1, next));
    const inferred = missing.map(({ range }) => range);
    for (const head of heads) if (isAlone && this.#takeWhole(n, head, inferred)) return;
    const span = ranges.length > 0 ? ranges : isUnknown || isAlone ? inferred : [];
    if (heads[0]) {
      this.#suspect(n, heads[0], span);
      return this.#lose(n, heads[0], span);
    }
    const parts = this.#candidates.withoutLeaf(span);
    const isGuess = ranges.length === 0 && !isAlone && n + 1 < count;
    if (parts && span.length > 0) return this.#takeAnew(n, parts, isGuess);
    this.#lose(n, undefined, span);
  }

  /** Whether the ranges of all blocks in between are there. */
  #isKnownUntil(from: number, end: number): boolean {
    for (let n = from; n < end; n++) if (!this.#candidates.hasRanges(n)) return false;
    return true;
  }

  #takeWhole(n: number, head: BlockHead, ranges: readonly BlockRange[]): boolean {
    const parts = this.#candidates.withLeaf(head, ranges);
    if (!parts) return false;
    this.#target.addEntries(parts);
    this.#add(n, head, ranges);
    this.whole += 1;
    this.entries += head.entries;
    const known = this.#source.known.get(n);
    if (known?.kind === LOSSES.leaf) this.#target.addLost(n, known.kind, known.foundMs);
    return true;
  }

  /** Its entries are in a segment; roots and acts among them stay in the tables. */
  #takeArchived(n: number, head: BlockHead, ranges: readonly BlockRange[]): boolean {
    const { archived } = this.#source;
    if (n > archived.lastBlock) return false;
    const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    if (count !== head.entries) return false;
    const rare = ranges.filter(({ stream }) => isKeptInTables(stream));
    const parts = this.#candidates.withoutLeaf(rare) ?? archived.rareEntries(n, rare);
    if (rare.length > 0 && !parts) return false;
    if (parts) this.#target.addEntries(parts);
    this.#add(n, head, ranges);
    this.whole += 1;
    return true;
  }

  /** A segment says itself what its blocks were. */
  #takeFromArchive(n: number, heads: readonly BlockHead[]): boolean {
    const block = this.#source.archived.block(n);
    const isOther = heads.length > 0 && !heads.some(({ leaf }) => block?.leaf.equals(leaf));
    if (!block || isOther || !this.#follows(block.ranges)) return false;
    const rare = block.ranges.filter(({ stream }) => isKeptInTables(stream));
    const parts = this.#source.archived.rareEntries(n, rare);
    if (parts) this.#target.addEntries(parts);
    this.#add(n, block, block.ranges);
    this.whole += 1;
    return true;
  }

  #follows(ranges: readonly BlockRange[]): boolean {
    return ranges.every(({ stream, first }) => first === this.#ends.get(stream)! + 1);
  }

  /** Either an entry was altered, or the leaf was: what was signed can tell. */
  #suspect(n: number, { entries }: BlockHead, ranges: readonly BlockRange[]): void {
    if (n >= this.#source.signed || this.suspects.length >= SUSPECTS_MAX) return;
    const parts = this.#candidates.withoutLeaf(ranges);
    if (!parts || parts.reduce((sum, part) => sum + part.entries.length, 0) !== entries) return;
    const leaf = leafOf(parts.flatMap((part) => part.entries.map(({ canonical }) => canonical)));
    this.suspects.push({ n, parts, leaf });
  }

  /** Takes the entries of a suspect: it was its leaf that was altered. */
  acquit({ n, parts }: Suspect): void {
    this.#target.addEntries(parts);
    this.#target.removeLost(n);
    this.whole += 1;
    this.entries += parts.reduce((sum, part) => sum + part.entries.length, 0);
    this.losses.remove(
      n,
      parts.map(({ range }) => range),
    );
  }

  /** Its leaf is gone, its entries are not. */
  #takeAnew(n: number, parts: readonly StreamPart[], isGuess: boolean): void {
    const canonical = parts.flatMap(({ entries }) => entries.map((entry) => entry.canonical));
    const entries = canonical.length;
    const head = {
      committedMs: Math.max(this.#committedMs, ...parts.map(latestMs)),
      entries,
      bytes: canonical.reduce((sum, { length }) => sum + length, 0),
      leaf: leafOf(canonical),
    };
    this.#target.addEntries(parts);
    this.#add(
      n,
      head,
      parts.map(({ range }) => range),
    );
    this.entries += entries;
    this.#mark(n, LOSSES.leaf, isGuess ? [] : parts.map(({ range }) => range));
  }

  #lose(n: number, head: BlockHead | undefined, ranges: readonly BlockRange[]): void {
    const kept = head ?? { committedMs: this.#committedMs, entries: 0, bytes: 0, leaf: NO_LEAF };
    this.#add(n, kept, ranges);
    this.#mark(n, head ? LOSSES.entries : LOSSES.all, ranges);
  }

  #add(n: number, head: BlockHead, ranges: readonly BlockRange[]): void {
    this.#committedMs = Math.max(this.#committedMs, head.committedMs);
    this.#target.addBlock({ ...head, n, committedMs: this.#committedMs, ranges });
    for (const { stream, last } of ranges) this.#ends.set(stream, last);
    this.blocks = n + 1;
  }

  #mark(n: number, kind: LossKind, ranges: readonly BlockRange[]): void {
    const known = this.#source.known.get(n);
    this.#target.addLost(n, known?.kind ?? kind, known?.foundMs);
    if (known) return;
    this.losses.add(n, kind, ranges);
  }

  /** Entries behind the last block: the block that held them is gone. */
  #takeRest(): void {
    const ranges = streamsOf(this.#source.kind).flatMap((stream) => {
      const range = this.#candidates.entriesFrom(stream, this.#ends.get(stream)! + 1);
      return range ? [range] : [];
    });
    const parts = ranges.length > 0 ? this.#candidates.withoutLeaf(ranges) : undefined;
    if (parts) this.#takeAnew(this.blocks, parts, true);
  }

  /**
   * Blocks that were signed and are gone get their numbers, so that nobody gets them again; and where entries may
   * have been given numbers that nothing tells of, those are left out.
   */
  *#endTail(): Generator<number> {
    const { signed, kind, isTailDoubtful } = this.#source;
    const missing = Math.max(0, signed - this.blocks);
    const streams = streamsOf(kind);
    const isBehind = streams.some(
      (stream) => this.#candidates.highest(stream) > this.#ends.get(stream)!,
    );
    if (missing === 0 && !isTailDoubtful && !isBehind) return;
    for (let left = missing; left > 1; left--) {
      this.#lose(this.blocks, undefined, []);
      yield this.blocks;
    }
    this.skippedNumbers = true;
    const skipped = streams.map((stream): BlockRange => {
      const first = this.#ends.get(stream)! + 1;
      return { stream, first, last: first + skippedNumbers(stream, missing) - 1 };
    });
    this.#lose(this.blocks, undefined, skipped);
  }
}

/** Roots, acts and exports never leave the tables. */
function isKeptInTables(stream: StreamCode): boolean {
  return RARE_STREAMS.has(stream);
}

/** When a block with these entries was committed, as far as they tell. */
function latestMs({ range, entries }: StreamPart): number {
  const times = entries.map(({ values }) => {
    if (range.stream === STREAMS.logs) return values[10] as number;
    if (range.stream === STREAMS.roots) return values[2] as number;
    const seconds = values[2] as number;
    return Math.ceil(seconds * 1_000 + (values[3] as number) / 1e6);
  });
  return times.reduce((one, other) => Math.max(one, other), 0);
}
