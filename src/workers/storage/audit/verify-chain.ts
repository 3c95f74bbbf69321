/**
 * Checks a whole chain, a bounded piece at a time: every block against the rows it was made from, the
 * numbers of every stream without a gap, and the tree against everything that was signed of it. Entries that
 * were archived are read from their segments; of those that retention deleted, the leaf is checked alone.
 */
import { RightEdge } from '../../../protocol/audit/merkle-tree.ts';
import { DamagedSegment } from '../archive/segment-format.ts';
import { leafOf, type BlockRange } from '../block.ts';
import { CANONICAL_VERSION, CanonicalBuffer } from '../canonical.ts';
import { STREAMS } from '../codes.ts';
import { isWithoutEntries } from '../lost-blocks.ts';
import type { SqliteDatabase, StoreKind } from '../open-database.ts';
import { BlockBytes, type StoredBlock } from './block-bytes.ts';
import { unprovedOf } from '../salvage/unproved-file.ts';
import { KnownLosses } from './known-losses.ts';
import type { Marks } from './signed-marks.ts';

/** Blocks that are looked at between two looks at the clock. */
const BLOCKS_PER_LOOK = 16;
/** More would say nothing new; the count goes on. */
const FINDINGS_MAX = 100;

/** Something that is not as it was committed. */
export interface Finding {
  /** The block it is in; absent when it belongs to none. */
  block?: number;
  /** The entries that are in doubt. */
  ranges: BlockRange[];
  reason: string;
}

/** How far a check has come; it goes on from here. */
export interface ChainPosition {
  /** The next block. */
  block: number;
  /** The last number of each stream, in the order of the streams. */
  ends: number[];
  committedMs: number;
  /** The tree so far; null once it cannot be built further. */
  edge: RightEdge | null;
}

export interface ChainPiece {
  position: ChainPosition;
  isDone: boolean;
  /** Blocks there are now. */
  blocks: number;
  /** Entries that were looked at in this piece. */
  entries: number;
  /** Segments that were begun, and blocks of which only the leaf is left. */
  segments: number;
  leafOnly: number;
  findings: Finding[];
  losses: Finding[];
  lost: number;
  damage?: { block: number; reason: string };
}

/** A store, and what is signed of it. */
export interface SignedStore {
  database: SqliteDatabase;
  kind: StoreKind;
  dataDir: string;
  marks: Marks;
}

const TAGS = Object.values(STREAMS);

export function chainStart(): ChainPosition {
  return { block: 0, ends: TAGS.map(() => 0), committedMs: 0, edge: new RightEdge() };
}

/** Checks on from a position until the time is up. Reads what one transaction shows; `marks` are from before it. */
export function verifyPiece(
  { database, kind, dataDir, marks: { marks, problems } }: SignedStore,
  from: ChainPosition,
  isTimeUp: () => boolean,
): ChainPiece {
  const stored = new BlockBytes(database, kind, dataDir);
  try {
    const check = new ChainCheck(stored, marks, from);
    if (from.block === 0) for (const reason of problems) check.report(reason);
    check.meetMarks();
    const blocks = stored.count();
    while (check.position.block < blocks && !check.isOutdated()) {
      check.next();
      if (check.position.block % BLOCKS_PER_LOOK === 0 && isTimeUp()) break;
    }
    const isDone = check.position.block >= blocks;
    if (isDone) check.end(blocks);
    const { position, entries, segments, leafOnly, findings, losses, lost, damage } = check;
    return {
      position,
      isDone,
      blocks,
      entries,
      segments,
      leafOnly,
      findings,
      losses: losses.findings((foundMs) => unprovedOf(dataDir, kind, foundMs)),
      lost,
      ...(damage && { damage }),
    };
  } finally {
    stored.close();
  }
}

class ChainCheck {
  readonly #blocks: BlockBytes;
  readonly #marks: Marks['marks'];
  readonly #out = new CanonicalBuffer();
  readonly position: ChainPosition;
  readonly findings: Finding[] = [];
  entries = 0;
  segments = 0;
  leafOnly = 0;
  lost = 0;
  readonly losses = new KnownLosses();
  damage: { block: number; reason: string } | undefined;
  readonly #first: number;
  #segmentFlaw: string | undefined;

  constructor(blocks: BlockBytes, marks: Marks['marks'], from: ChainPosition) {
    this.#blocks = blocks;
    this.#marks = marks;
    this.#first = from.block;
    this.position = { ...from, ends: [...from.ends] };
  }

  /**
   * Whether the next block is in a file that is gone: it may have been given up since this moment of the
   * database, which the next piece will know. One that begins there has just looked.
   */
  isOutdated(): boolean {
    const { block } = this.position;
    const segment = this.#blocks.archive?.segmentOf(block);
    if (block === this.#first || segment?.firstBlock !== block) return false;
    return this.#blocks.archive?.hasFile(segment) === false;
  }

  next(): void {
    const { position } = this;
    const n = position.block;
    this.#beginSegment(n);
    const block = this.#blocks.block(n);
    const ranges = this.#blocks.ranges(n);
    const lost = this.#blocks.lost(n);
    if (lost) {
      this.lost += 1;
      this.losses.add(lost, ranges);
    }
    const reason = block ? this.#flaw(n, block, ranges) : 'it is missing';
    if (reason) {
      this.report(reason, n, ranges);
      if (!this.#blocks.archive?.segmentOf(n)) this.damage ??= { block: n, reason };
    }
    for (const { stream, last } of ranges) {
      const index = TAGS.indexOf(stream);
      position.ends[index] = Math.max(position.ends[index] ?? 0, last);
    }
    if (block) position.committedMs = Math.max(position.committedMs, block.committedMs);
    this.#push(block);
    position.block = n + 1;
    this.meetMarks();
  }

  /** What is stored must end where the blocks end, and hold all that was signed. */
  end(blocks: number): void {
    for (const [index, stream] of TAGS.entries()) {
      const end = this.position.ends[index] ?? 0;
      const last = this.#blocks.last(stream);
      if (last > end) {
        const range = { stream, first: end + 1, last };
        this.report('entries stand outside of every block', undefined, [range]);
      }
    }
    const highest = this.#marks.at(-1);
    if (highest && highest.size > blocks)
      this.report(`${blocks} blocks are stored, ${highest.size} were signed (${highest.file})`);
  }

  /** The tree as it is now against every checkpoint of its size. */
  meetMarks(): void {
    const { edge, block } = this.position;
    for (const { size, root, file } of this.#marks) {
      if (size !== block || (edge && edge.root().equals(root))) continue;
      const reason = edge
        ? `the blocks up to here are not the ones that were signed (${file})`
        : `what was signed up to here cannot be checked over a gap (${file})`;
      this.report(reason, size - 1);
    }
  }

  report(reason: string, block?: number, ranges: BlockRange[] = []): void {
    if (this.findings.length >= FINDINGS_MAX) return;
    this.findings.push({ ...(block !== undefined && { block }), ranges, reason });
  }

  #push(block: StoredBlock | undefined): void {
    const { edge } = this.position;
    if (block?.leaf.length === 32) edge?.push(block.leaf);
    else this.position.edge = null;
  }

  #beginSegment(n: number): void {
    const { archive } = this.#blocks;
    const segment = archive?.segmentOf(n);
    if (segment?.firstBlock !== n) return;
    this.segments += 1;
    const reason = archive?.fileFlaw(segment);
    if (reason) this.report(reason, n);
  }

  #flaw(n: number, block: StoredBlock, ranges: readonly BlockRange[]): string | undefined {
    const { ends, committedMs } = this.position;
    if (block.version !== CANONICAL_VERSION) return `its encoding ${block.version} is unknown`;
    if (block.committedMs < committedMs) return 'its time is before that of the block before it';
    for (const { stream, first, last } of ranges) {
      const end = ends[TAGS.indexOf(stream)] ?? 0;
      if (first !== end + 1 || last < first)
        return `its entries ${first} to ${last} of stream ${stream} do not follow ${end}`;
    }
    if (isWithoutEntries(this.#blocks.lost(n))) return undefined;
    if (!this.#blocks.isLeafOnly(n)) return this.#contentFlaw(n, block, ranges);
    this.leafOnly += 1;
    return undefined;
  }

  #contentFlaw(n: number, block: StoredBlock, ranges: readonly BlockRange[]): string | undefined {
    this.#out.clear();
    let entries: number;
    try {
      entries = this.#blocks.append(this.#out, n, ranges);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof DamagedSegment) return this.#once(message);
      // A damaged page, or a value that no column of ours can have.
      return `its entries cannot be read: ${message}`;
    }
    this.entries += entries;
    if (entries !== block.entries)
      return `${entries} entries are there, ${block.entries} were hashed`;
    if (!leafOf([this.#out.view()]).equals(block.leaf)) return 'its entries do not match its leaf';
    return this.#out.length === block.bytes
      ? undefined
      : 'its length is not the one stored with it';
  }

  /** What is wrong with a part of a file is said at its first block, not at every one. */
  #once(reason: string): string | undefined {
    if (reason === this.#segmentFlaw) return undefined;
    this.#segmentFlaw = reason;
    return reason;
  }
}
