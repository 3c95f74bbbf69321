import { leafOf, type BlockRange } from '../block.ts';
import { CANONICAL_VERSION, CanonicalBuffer } from '../canonical.ts';
import { STREAMS, type StreamCode } from '../codes.ts';
import type { StoreKind } from '../open-database.ts';
import {
  ACT_COLUMNS,
  appendRow,
  COORDINATION_COLUMNS,
  EXPORT_COLUMNS,
  FILE_EVENT_COLUMNS,
  LOG_COLUMNS,
  ROOT_COLUMNS,
  type StoredRow,
} from '../stored-rows.ts';
import type { FoundRow, FoundRows } from './found-rows.ts';
import type { CellValue } from './record.ts';
import { STREAM_TABLES } from './row-shapes.ts';

/** A row of `blocks` as it may have been. */
export interface BlockHead {
  committedMs: number;
  entries: number;
  bytes: number;
  leaf: Buffer;
}

/** An entry as it may have been. */
export interface FoundEntry {
  values: CellValue[];
  canonical: Buffer;
  isClean: boolean;
}

/** Entries of one stream. */
export interface StreamPart {
  range: BlockRange;
  entries: FoundEntry[];
}

const COLUMNS: Record<number, readonly string[]> = Object.fromEntries(
  [
    [STREAMS.logs, LOG_COLUMNS],
    [STREAMS.fileEvents, FILE_EVENT_COLUMNS],
    [STREAMS.coordination, COORDINATION_COLUMNS],
    [STREAMS.roots, ROOT_COLUMNS],
    [STREAMS.acts, ACT_COLUMNS],
    [STREAMS.exports, EXPORT_COLUMNS],
  ].map(([stream, columns]) => [stream, (columns as string).split(', ')]),
);
const LEAF_BYTES = 32;
/** So many ways to put a block together from doubtful rows are tried. */
const TRIES_MAX = 256;
const SLICE_NUMBERS = 4_096;

/** Streams of a store, in the order in which a leaf hashes them. */
export function streamsOf(kind: StoreKind): StreamCode[] {
  if (kind === 'state') return [STREAMS.coordination];
  return [STREAMS.logs, STREAMS.fileEvents, STREAMS.roots, STREAMS.acts, STREAMS.exports];
}

/** What the pages of a damaged database say of its blocks. */
export class BlockCandidates {
  readonly #found: FoundRows;
  readonly #streams: StreamCode[];
  readonly #out = new CanonicalBuffer();

  constructor(found: FoundRows, kind: StoreKind) {
    this.#found = found;
    this.#streams = streamsOf(kind);
  }

  /** What a block's own row may have been. */
  heads(n: number): BlockHead[] {
    const heads: BlockHead[] = [];
    for (const { values } of this.#found.byNumber('blocks', n, n).get(n) ?? []) {
      const [, committedMs, entries, bytes, version, leaf] = values;
      if (version !== CANONICAL_VERSION || !(leaf instanceof Buffer)) continue;
      if (leaf.length !== LEAF_BYTES || !isCount(committedMs) || !isCount(entries)) continue;
      if (!isCount(bytes) || heads.some((head) => head.leaf.equals(leaf))) continue;
      heads.push({ committedMs, entries, bytes, leaf });
    }
    return heads;
  }

  /** The ranges a block may have had, each following where its stream ended before. */
  ranges(n: number, ends: ReadonlyMap<StreamCode, number>): BlockRange[] {
    return this.#streams.flatMap((stream): BlockRange[] => {
      const first = ends.get(stream)! + 1;
      for (const { values } of this.#found.rangesOf(stream, n)) {
        const last = values[3];
        if (values[2] === first && isCount(last) && last >= first) return [{ stream, first, last }];
      }
      return [];
    });
  }

  /** Whether something is known of a block beside its row. */
  hasRanges(n: number): boolean {
    return this.#streams.some((stream) => this.#found.rangesOf(stream, n).length > 0);
  }

  /** What the blocks from `n` to the next one with entries of a stream must hold of it. */
  rangesUntilNext(
    n: number,
    ends: ReadonlyMap<StreamCode, number>,
  ): { range: BlockRange; next: number }[] {
    return this.#streams.flatMap((stream) => {
      const first = ends.get(stream)! + 1;
      const next = this.#found.nextRange(stream, n);
      if (next === undefined) return [];
      for (const { values } of this.#found.rangesOf(stream, next)) {
        const last = (values[2] as number) - 1;
        if (isCount(last) && last >= first) return [{ range: { stream, first, last }, next }];
      }
      return [];
    });
  }

  /** Entries of a stream that stand behind its end, without a hole between them. */
  entriesFrom(stream: StreamCode, first: number): BlockRange | undefined {
    let last = first - 1;
    const table = STREAM_TABLES[stream];
    while (this.#found.byNumber(table, last + 1, last + 1).size > 0) last += 1;
    return last < first ? undefined : { stream, first, last };
  }

  /** The highest number of a stream in any page that is whole. */
  highest(stream: StreamCode): number {
    let highest = 0;
    for (const { last } of this.#found.spans(STREAM_TABLES[stream]))
      highest = Math.max(highest, last);
    for (const { last } of this.#rangeEnds(stream)) highest = Math.max(highest, last);
    return highest;
  }

  /** The block of these ranges whose leaf is this one, if the pages hold it. */
  withLeaf({ leaf, entries }: BlockHead, ranges: readonly BlockRange[]): StreamPart[] | undefined {
    const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    if (count !== entries || ranges.length === 0) return undefined;
    const slots = this.#slots(ranges);
    if (!slots) return undefined;
    for (const choice of choices(slots)) {
      if (leafOf(choice.map(({ canonical }) => canonical)).equals(leaf))
        return partsOf(ranges, choice);
    }
    return undefined;
  }

  /** All entries of these ranges, where there is no doubt about any of them. */
  withoutLeaf(ranges: readonly BlockRange[]): StreamPart[] | undefined {
    const slots = this.#slots(ranges);
    if (!slots?.every((slot) => slot.length === 1 && slot[0]!.isClean)) return undefined;
    return partsOf(
      ranges,
      slots.map(([entry]) => entry!),
    );
  }

  /** Entries of a range that make sense one by one, in order, by the slice; several where images of one differ. */
  *readable({ stream, first, last }: BlockRange): Generator<StoredRow[]> {
    for (let from = first; from <= last; from += SLICE_NUMBERS) {
      const to = Math.min(last, from + SLICE_NUMBERS - 1);
      const rows = this.#found.byNumber(STREAM_TABLES[stream], from, to);
      const numbers = [...rows.keys()].sort((one, other) => one - other);
      yield numbers.flatMap((number) =>
        this.#entriesOf(stream, rows.get(number)!).map(({ values }) => rowOf(stream, values)),
      );
    }
  }

  /** For each entry of these ranges what it may have been; undefined when one is gone. */
  #slots(ranges: readonly BlockRange[]): FoundEntry[][] | undefined {
    const slots: FoundEntry[][] = [];
    for (const { stream, first, last } of ranges) {
      const rows = this.#found.byNumber(STREAM_TABLES[stream], first, last);
      if (rows.size < last - first + 1) return undefined;
      for (let number = first; number <= last; number++) {
        const entries = this.#entriesOf(stream, rows.get(number)!);
        if (entries.length === 0) return undefined;
        slots.push(entries);
      }
    }
    return slots;
  }

  #entriesOf(stream: StreamCode, rows: readonly FoundRow[]): FoundEntry[] {
    const entries: FoundEntry[] = [];
    for (const { values, isClean } of rows) {
      const canonical = this.#canonical(stream, values);
      if (!canonical) continue;
      const same = entries.find((entry) => entry.canonical.equals(canonical));
      if (same) same.isClean ||= isClean;
      else entries.push({ values, canonical, isClean });
    }
    return entries;
  }

  #canonical(stream: StreamCode, values: readonly CellValue[]): Buffer | undefined {
    this.#out.clear();
    try {
      appendRow(this.#out, stream, rowOf(stream, values));
    } catch (error) {
      // A number that no column of ours can have.
      if (error instanceof RangeError || error instanceof TypeError) return undefined;
      throw error;
    }
    return Buffer.from(this.#out.view());
  }

  *#rangeEnds(stream: StreamCode): Generator<{ last: number }> {
    let newest: number | undefined;
    for (const { last } of this.#found.spans(`block_ranges ${stream}`))
      newest = Math.max(newest ?? 0, last);
    if (newest === undefined) return;
    for (const { values } of this.#found.rangesOf(stream, newest))
      if (isCount(values[3])) yield { last: values[3] };
  }
}

function rowOf(stream: StreamCode, values: readonly CellValue[]): StoredRow {
  return Object.fromEntries(
    COLUMNS[stream]!.map((column, index) => [column, values[index] ?? null]),
  );
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function partsOf(ranges: readonly BlockRange[], entries: readonly FoundEntry[]): StreamPart[] {
  let at = 0;
  return ranges.map((range) => {
    const count = range.last - range.first + 1;
    const part = { range, entries: entries.slice(at, at + count) };
    at += count;
    return part;
  });
}

/** Every way to choose one of each, most likely first, up to a limit. */
function* choices(slots: readonly FoundEntry[][]): Generator<FoundEntry[]> {
  const doubtful = slots.flatMap((slot, index) => (slot.length > 1 ? [index] : []));
  const choice = slots.map((slot) => slot[0]!);
  yield choice;
  const ways = doubtful.reduce((product, index) => product * slots[index]!.length, 1);
  for (let way = 1; way < Math.min(ways, TRIES_MAX); way++) {
    let rest = way;
    for (const index of doubtful) {
      const slot = slots[index]!;
      choice[index] = slot[rest % slot.length]!;
      rest = Math.floor(rest / slot.length);
    }
    yield choice;
  }
}
