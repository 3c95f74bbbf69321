import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ArchiveSegment } from './archive-segment.ts';
import { damaged, type KeptSegment } from './archived-blocks.ts';
import { MemberTables } from './member-tables.ts';
import { ARCHIVE_FOLDER, DamagedSegment, type MemberIndex } from './segment-format.ts';
import { reasonOf } from './verify-segment.ts';

const DEFAULT_CACHE_BYTES = 16 * 1024 * 1024;
const INDEX_CACHE_COUNT = 256;
/** A part takes so many times the room of its bytes in the file, about. */
const UNPACKED_FACTOR = 16;

/**
 * Parts of segments, unpacked as they are needed. The last ones stay, because the next page goes on in them. Every
 * method throws DamagedSegment, which names the file, when a segment is not what the ledger says.
 */
export class ArchiveShelf {
  readonly #dataDir: string;
  readonly #cacheBytes: number;
  readonly #indexes = new Map<string, readonly MemberIndex[]>();
  readonly #members = new Map<string, { tables: MemberTables; bytes: number }>();
  #bytes = 0;

  constructor(dataDir: string, cacheBytes = DEFAULT_CACHE_BYTES) {
    this.#dataDir = dataDir;
    this.#cacheBytes = cacheBytes;
  }

  /** What the parts of a segment hold. */
  members(segment: KeptSegment): readonly MemberIndex[] {
    const key = keyOf(segment);
    let members = this.#indexes.get(key);
    if (!members) {
      members = this.#use(segment, (opened) => checkedMembers(segment, opened));
      if (this.#indexes.size >= INDEX_CACHE_COUNT) this.#indexes.clear();
      this.#indexes.set(key, members);
    }
    return members;
  }

  /** The rows of one part; good until the next call. */
  tables(segment: KeptSegment, member: MemberIndex): MemberTables {
    const key = `${keyOf(segment)} ${member.offset}`;
    const kept = this.#members.get(key);
    if (kept) {
      // The last one used is the last one to go.
      this.#members.delete(key);
      this.#members.set(key, kept);
      return kept.tables;
    }
    const tables = this.#use(
      segment,
      (opened) => new MemberTables(member, opened.blocksOf(member)),
      `blocks ${member.first_block} to ${member.last_block}: `,
    );
    const bytes = member.bytes * UNPACKED_FACTOR;
    this.#makeRoom(bytes);
    this.#members.set(key, { tables, bytes });
    this.#bytes += bytes;
    return tables;
  }

  clear(): void {
    this.#makeRoom(Infinity);
    this.#indexes.clear();
  }

  #makeRoom(bytes: number): void {
    for (const [key, { tables, bytes: freed }] of this.#members) {
      if (this.#bytes + bytes <= this.#cacheBytes) return;
      tables.close();
      this.#members.delete(key);
      this.#bytes -= freed;
    }
  }

  #use<Result>(
    { file, fileBytes }: KeptSegment,
    use: (segment: ArchiveSegment) => Result,
    where = '',
  ): Result {
    const path = join(this.#dataDir, ARCHIVE_FOLDER, file);
    let segment: ArchiveSegment | undefined;
    try {
      if (statSync(path).size !== fileBytes)
        throw new DamagedSegment('it has not the size of the ledger');
      segment = ArchiveSegment.open(path);
      return use(segment);
    } catch (error) {
      throw damaged(file, `${where}${reasonOf(error)}`);
    } finally {
      segment?.close();
    }
  }
}

function keyOf({ file, sha256 }: KeptSegment): string {
  return `${file} ${sha256}`;
}

/** The index, which must be about all of the segment's blocks and of no others. */
function checkedMembers(
  { firstBlock, lastBlock }: KeptSegment,
  { members }: ArchiveSegment,
): readonly MemberIndex[] {
  let next = firstBlock;
  for (const { first_block: first, last_block: last } of members) {
    if (first !== next || last < first) throw new DamagedSegment(`block ${next} is missing`);
    next = last + 1;
  }
  if (next !== lastBlock + 1) throw new DamagedSegment(`block ${next} is missing`);
  return members;
}
