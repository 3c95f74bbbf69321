import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { STREAMS } from '../codes.ts';
import { ArchiveSegment, recomputedLeaf, type ArchivedBlock } from '../archive/archive-segment.ts';
import {
  ARCHIVE_FOLDER,
  DamagedSegment,
  SEGMENT_NAME,
  span,
  type NumberRange,
} from '../archive/segment-format.ts';
import { segmentSum } from '../archive/segment-table.ts';
import { fileHash } from '../archive/verify-segment.ts';
import type { BlockRange } from '../block.ts';
import { CanonicalBuffer } from '../canonical.ts';
import type { StoreKind } from '../open-database.ts';
import { ACT_COLUMNS, appendRow, EXPORT_COLUMNS, ROOT_COLUMNS } from '../stored-rows.ts';
import { isCount, type FoundEntry, type StreamPart } from './block-candidates.ts';
import type { FoundRows } from './found-rows.ts';
import type { CellValue } from './record.ts';

/** So many rows are looked up together. */
const NUMBERS_AT_ONCE = 256;

const RARE_COLUMNS: ReadonlyMap<number, string> = new Map([
  [STREAMS.roots, ROOT_COLUMNS],
  [STREAMS.acts, ACT_COLUMNS],
  [STREAMS.exports, EXPORT_COLUMNS],
]);

/** A row of `segments`, and the part of it that is used here. */
interface SegmentRow {
  values: CellValue[];
  firstBlock: number;
  lastBlock: number;
  /** Name in `archive/`, null when it is not kept. */
  file: string | null;
}

/** The blocks that have left the tables: what `segments` says of them, and the files that speak for themselves. */
export class ArchivedSource {
  readonly rows: SegmentRow[];
  /** Rows that were made anew from files. */
  readonly remade: number;
  readonly #dir: string;
  #opened: { file: string; segment: ArchiveSegment | undefined } | undefined;
  #blocks: ArchivedBlock[] = [];

  /** Only the ledger has an archive: for another store nothing was archived. */
  constructor(found: FoundRows, kind: StoreKind, dataDir: string) {
    this.#dir = join(dataDir, ARCHIVE_FOLDER);
    if (kind !== 'ledger') {
      [this.rows, this.remade] = [[], 0];
      return;
    }
    this.rows = knownSegments(found);
    const known = this.rows.length;
    this.#addFiles(found);
    this.remade = this.rows.length - known;
  }

  /** -1: nothing was archived. */
  get lastBlock(): number {
    return this.rows.at(-1)?.lastBlock ?? -1;
  }

  /** A block as its segment has it, if its entries match its leaf there. */
  block(n: number): ArchivedBlock | undefined {
    const row = this.rows.find(({ firstBlock, lastBlock }) => firstBlock <= n && n <= lastBlock);
    if (!row || row.file === null) return undefined;
    try {
      const block = this.#read(row.file, n);
      return block && recomputedLeaf(block).equals(block.leaf) ? block : undefined;
    } catch (error) {
      if (error instanceof DamagedSegment || error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** What is rare of an archived block, from its segment. */
  rareEntries(n: number, ranges: readonly BlockRange[]): StreamPart[] | undefined {
    if (ranges.length === 0) return [];
    const block = this.block(n);
    if (!block) return undefined;
    return ranges.map((range) => ({
      range,
      entries: block.rows
        .filter(({ stream }) => stream === range.stream)
        .map(({ stream, row }) => entryOf(stream, row)),
    }));
  }

  close(): void {
    this.#opened?.segment?.close();
    this.#opened = undefined;
  }

  #read(file: string, n: number): ArchivedBlock | undefined {
    const cached = this.#opened?.file === file && this.#blocks.find((block) => block.n === n);
    if (cached) return cached;
    if (this.#opened?.file !== file) {
      this.close();
      this.#opened = { file, segment: openSegment(join(this.#dir, file)) };
    }
    const { segment } = this.#opened!;
    const member = segment?.members.find(
      ({ first_block: first, last_block: last }) => first <= n && n <= last,
    );
    this.#blocks = segment && member ? segment.blocksOf(member) : [];
    return this.#blocks.find((block) => block.n === n);
  }

  /** Files that follow the last row, where the tables no longer have all that is in them. */
  #addFiles(found: FoundRows): void {
    for (const name of namesIn(this.#dir)) {
      const [, first, last] = SEGMENT_NAME.exec(name)!.map(Number);
      if (first !== this.lastBlock + 1) continue;
      const segment = openSegment(join(this.#dir, name));
      if (!segment) continue;
      if (!isInTables(found, segment)) {
        const values = this.#rowOf(name, segment);
        this.rows.push({ values, firstBlock: first, lastBlock: last!, file: name });
      }
      segment.close();
    }
  }

  #rowOf(file: string, { header, members }: ArchiveSegment): CellValue[] {
    const path = join(this.#dir, file);
    const hash = fileHash(path);
    const seconds = members.reduce<NumberRange>(
      (all, { log_seconds: one }) => span(all, one),
      null,
    );
    const numbers = [
      header.first_block,
      header.last_block,
      ...(header.logs ?? [null, null]),
      ...(header.file_events ?? [null, null]),
      header.first_committed_ms,
      header.last_committed_ms,
      ...(seconds ?? [null, null]),
      header.entries,
      header.canonical_bytes,
    ];
    const { size, mtimeMs } = statSync(path);
    return [
      this.rows.length + 1,
      ...numbers,
      file,
      size,
      hash,
      Math.floor(mtimeMs),
      1,
      null,
      segmentSum(numbers, file, hash),
    ];
  }
}

/**
 * Some of its rows can be found long after they were dropped, in pages that nobody has used since. A file of another
 * history, as behind an older copy of the ledger, does not count against rows that are there.
 */
function isInTables(found: FoundRows, segment: ArchiveSegment): boolean {
  const { logs, file_events: events } = segment.header;
  const count = (table: 'logs' | 'file_events', range: NumberRange) => {
    let size = 0;
    for (let first = range?.[0] ?? 0; range && first <= range[1]; first += NUMBERS_AT_ONCE)
      size += found.byNumber(table, first, Math.min(range[1], first + NUMBERS_AT_ONCE - 1)).size;
    return size;
  };
  const widthOf = (range: NumberRange) => (range ? range[1] - range[0] + 1 : 0);
  const size = count('logs', logs) + count('file_events', events);
  if (size === 0) return false;
  return size === widthOf(logs) + widthOf(events) || !isKnown(found, segment);
}

/** Whether the tables say the same of its blocks, as far as they say anything. */
function isKnown(found: FoundRows, segment: ArchiveSegment): boolean {
  try {
    for (const { n, leaf } of segment.blocks()) {
      const leaves = (found.byNumber('blocks', n, n).get(n) ?? []).map(({ values }) => values[5]);
      const isOther = !leaves.some((one) => one instanceof Buffer && one.equals(leaf));
      if (leaves.length > 0 && isOther) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof DamagedSegment || error instanceof RangeError) return false;
    throw error;
  }
}

/** Rows of `segments` that match their sum and follow one another. */
function knownSegments(found: FoundRows): SegmentRow[] {
  const byNumber = new Map<number, CellValue[]>();
  for (const { values } of found.all('segments')) {
    const [n, ...rest] = values;
    const numbers = rest.slice(0, 12).map((value) => (value === null ? null : Number(value)));
    const sum = segmentSum(numbers, rest[12] as string | null, rest[14] as Buffer | null);
    if (sum !== values[19] || !isCount(n)) continue;
    const before = byNumber.get(n);
    // Its file is given up once; rows still to be removed do not come along.
    byNumber.set(n, before && before[18] !== null ? before : values);
  }
  const rows: SegmentRow[] = [];
  for (const [, values] of [...byNumber].sort(([one], [other]) => one - other)) {
    const [firstBlock, lastBlock] = [values[1], values[2]] as number[];
    if (firstBlock !== (rows.at(-1)?.lastBlock ?? -1) + 1) break;
    values[17] = 1;
    const file = values[18] === null ? (values[13] as string | null) : null;
    rows.push({ values, firstBlock, lastBlock: lastBlock!, file });
  }
  return rows;
}

function entryOf(stream: number, row: Record<string, unknown>): FoundEntry {
  const out = new CanonicalBuffer(1024);
  appendRow(out, stream, row);
  const columns = RARE_COLUMNS.get(stream)!.split(', ');
  const values = columns.map((column) => (row[column] ?? null) as CellValue);
  return { values, canonical: Buffer.from(out.view()), isClean: true };
}

function openSegment(path: string): ArchiveSegment | undefined {
  try {
    return ArchiveSegment.open(path);
  } catch (error) {
    if (error instanceof DamagedSegment || 'code' in (error as object)) return undefined;
    throw error;
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => SEGMENT_NAME.test(name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
