import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { StoredSegment } from '../archive.messages.ts';
import type { BlockRange } from '../block.ts';
import { STREAMS } from '../codes.ts';
import type { SqliteDatabase } from '../open-database.ts';
import type { StoredRow } from '../stored-rows.ts';
import { ArchiveSegment, type ArchivedBlock } from './archive-segment.ts';
import { ARCHIVE_FOLDER, DamagedSegment, type MemberIndex } from './segment-format.ts';
import { readSegments } from './segment-table.ts';
import { fileHash, reasonOf } from './verify-segment.ts';

/** A segment that is kept, from the data directory. */
export type KeptSegment = StoredSegment & { file: string };

/** What was read of one member, or why it cannot be. */
type Member = { index: MemberIndex } & ({ blocks: ArchivedBlock[] } | { damage: DamagedSegment });

/**
 * The blocks whose entries have left the tables, as one moment of the database knows them. Reads them in any
 * order; in their own order each part of a file is unpacked once. Memory: one member. Close it.
 */
export class ArchivedBlocks {
  readonly #dataDir: string;
  readonly #segments: readonly StoredSegment[];
  #opened: { file: string; segment: ArchiveSegment | DamagedSegment } | undefined;
  #member: Member | undefined;

  constructor(database: SqliteDatabase, dataDir: string) {
    this.#dataDir = dataDir;
    this.#segments = readSegments(database);
  }

  /** The last block that is in a segment, or was; -1 for none. */
  get through(): number {
    return this.#segments.at(-1)?.lastBlock ?? -1;
  }

  /** The segment that a block is in; undefined when its entries are in the tables, or nowhere any more. */
  segmentOf(n: number): KeptSegment | undefined {
    const segment = this.#find(n);
    return segment && isKept(segment) ? segment : undefined;
  }

  /** Whether retention has deleted the entries of a block: its leaf is all that is left. */
  isDeleted(n: number): boolean {
    return n <= this.through && this.segmentOf(n) === undefined;
  }

  /** Whether the file is there at all: one that was given up after this moment is deleted soon. */
  hasFile({ file }: KeptSegment): boolean {
    return existsSync(this.#pathOf(file));
  }

  /** Why the file is not the one that was recorded, if so. */
  fileFlaw({ file, sha256 }: KeptSegment): string | undefined {
    try {
      if (fileHash(this.#pathOf(file)).toString('hex') === sha256) return undefined;
      return `${ARCHIVE_FOLDER}/${file}: it has not the sha256 of the ledger`;
    } catch (error) {
      return `${ARCHIVE_FOLDER}/${file}: ${reasonOf(error)}`;
    }
  }

  /** The entries of a block in the order of its leaf, unchecked. Throws DamagedSegment, which names the file. */
  rows(n: number, ranges: readonly BlockRange[]): ArchivedBlock['rows'] {
    const kept = this.segmentOf(n);
    if (!kept) throw new RangeError(`block ${n} is in no segment`);
    const block = this.#blocksNear(n, kept).find((one) => one.n === n);
    if (!block) throw damaged(kept.file, `block ${n} is missing`);
    if (!isDeepStrictEqual(block.ranges, ranges))
      throw damaged(kept.file, `block ${n} has other entries than in the ledger`);
    return block.rows;
  }

  /**
   * File events that left the tables, in order, without looking at leaves. Ends early, with false, where they
   * were deleted. Throws DamagedSegment.
   */
  *fileEvents(): Generator<StoredRow, boolean> {
    for (const segment of this.#segments) {
      if (segment.firstEvent === null) continue;
      if (!isKept(segment)) return false;
      for (let n = segment.firstBlock; n <= segment.lastBlock; n++) {
        for (const block of this.#blocksNear(n, segment)) {
          for (const { stream, row } of block.rows) if (stream === STREAMS.fileEvents) yield row;
          n = block.n;
        }
      }
    }
    return true;
  }

  /** The highest file event that has left the tables, or is leaving them. */
  lastFileEvent(): number {
    return Math.max(0, ...this.#segments.map(({ lastEvent }) => lastEvent ?? 0));
  }

  close(): void {
    if (this.#opened?.segment instanceof ArchiveSegment) this.#opened.segment.close();
    this.#opened = undefined;
    this.#member = undefined;
  }

  #find(n: number): StoredSegment | undefined {
    return this.#segments.find(({ firstBlock, lastBlock }) => firstBlock <= n && n <= lastBlock);
  }

  /** The blocks of the member that a block is in. */
  #blocksNear(n: number, { file }: KeptSegment): ArchivedBlock[] {
    const segment = this.#open(file);
    const index = segment.members.find(
      ({ first_block: first, last_block: last }) => first <= n && n <= last,
    );
    if (!index) throw damaged(file, `block ${n} is missing`);
    if (this.#member?.index !== index) this.#member = readMember(segment, file, index);
    if ('damage' in this.#member) throw this.#member.damage;
    return this.#member.blocks;
  }

  /** What cannot be opened is not tried again for the next block. */
  #open(file: string): ArchiveSegment {
    if (this.#opened?.file !== file) {
      this.close();
      this.#opened = { file, segment: this.#tryOpen(file) };
    }
    const { segment } = this.#opened!;
    if (segment instanceof DamagedSegment) throw segment;
    return segment;
  }

  #tryOpen(file: string): ArchiveSegment | DamagedSegment {
    try {
      return ArchiveSegment.open(this.#pathOf(file));
    } catch (error) {
      return damaged(file, reasonOf(error));
    }
  }

  #pathOf(file: string): string {
    return join(this.#dataDir, ARCHIVE_FOLDER, file);
  }
}

function readMember(segment: ArchiveSegment, file: string, index: MemberIndex): Member {
  try {
    return { index, blocks: segment.blocksOf(index) };
  } catch (error) {
    const blocks = `blocks ${index.first_block} to ${index.last_block}`;
    return { index, damage: damaged(file, `${blocks}: ${reasonOf(error)}`) };
  }
}

export function isKept(segment: StoredSegment): segment is KeptSegment {
  return segment.file !== null && segment.removedMs === null;
}

/** Damage of a file of the archive, named. */
export function damaged(file: string, reason: string): DamagedSegment {
  return new DamagedSegment(`${ARCHIVE_FOLDER}/${file}: ${reason}`);
}
