/**
 * Checks a whole chain, a bounded piece at a time: every block against the rows it was made from, the
 * numbers of every stream without a gap, and the tree against everything that was signed of it.
 */
import { RightEdge } from '../../../protocol/audit/merkle-tree.ts';
import { leafOf, type BlockRange } from '../block.ts';
import { CANONICAL_VERSION, CanonicalBuffer } from '../canonical.ts';
import { STREAMS } from '../codes.ts';
import type { SqliteDatabase, StoreKind } from '../open-database.ts';
import { BlockBytes, type StoredBlock } from './block-bytes.ts';
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
  findings: Finding[];
}

const TAGS = Object.values(STREAMS);

export function chainStart(): ChainPosition {
  return { block: 0, ends: TAGS.map(() => 0), committedMs: 0, edge: new RightEdge() };
}

/** Checks on from a position until the time is up. Reads what one transaction shows; `marks` are from before it. */
export function verifyPiece(
  database: SqliteDatabase,
  kind: StoreKind,
  { marks, problems }: Marks,
  from: ChainPosition,
  isTimeUp: () => boolean,
): ChainPiece {
  const check = new ChainCheck(new BlockBytes(database, kind), marks, from);
  if (from.block === 0) for (const reason of problems) check.report(reason);
  check.meetMarks();
  const blocks = check.count();
  while (check.position.block < blocks) {
    check.next();
    if (check.position.block % BLOCKS_PER_LOOK === 0 && isTimeUp()) break;
  }
  const isDone = check.position.block >= blocks;
  if (isDone) check.end(blocks);
  const { position, entries, findings } = check;
  return { position, isDone, blocks, entries, findings };
}

class ChainCheck {
  readonly #blocks: BlockBytes;
  readonly #marks: Marks['marks'];
  readonly #out = new CanonicalBuffer();
  readonly position: ChainPosition;
  readonly findings: Finding[] = [];
  entries = 0;

  constructor(blocks: BlockBytes, marks: Marks['marks'], from: ChainPosition) {
    this.#blocks = blocks;
    this.#marks = marks;
    this.position = { ...from, ends: [...from.ends] };
  }

  count(): number {
    return this.#blocks.count();
  }

  next(): void {
    const { position } = this;
    const n = position.block;
    const block = this.#blocks.block(n);
    const ranges = this.#blocks.ranges(n);
    const reason = block ? this.#flaw(block, ranges) : 'it is missing';
    if (reason) this.report(reason, n, ranges);
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

  #flaw(block: StoredBlock, ranges: readonly BlockRange[]): string | undefined {
    const { ends, committedMs } = this.position;
    if (block.version !== CANONICAL_VERSION) return `its encoding ${block.version} is unknown`;
    if (block.committedMs < committedMs) return 'its time is before that of the block before it';
    for (const { stream, first, last } of ranges) {
      const end = ends[TAGS.indexOf(stream)] ?? 0;
      if (first !== end + 1 || last < first)
        return `its entries ${first} to ${last} of stream ${stream} do not follow ${end}`;
    }
    return this.#contentFlaw(block, ranges);
  }

  #contentFlaw(block: StoredBlock, ranges: readonly BlockRange[]): string | undefined {
    this.#out.clear();
    let entries: number;
    try {
      entries = this.#blocks.append(this.#out, ranges);
    } catch (error) {
      const { message } = error as Error;
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
}
