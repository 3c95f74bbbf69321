import type { StoredSegment } from './archive.messages.ts';
import { damaged, isKept } from './archive/archived-blocks.ts';
import type { MemberTables } from './archive/member-tables.ts';
import { DamagedSegment } from './archive/segment-format.ts';
import {
  archivedThrough,
  countBetween,
  DamagedFiles,
  holds,
  numbersOf,
  rangeOf,
  type MovingStream,
} from './archive/segment-spans.ts';
import { readSegments } from './archive/segment-table.ts';
import type { ReadConnection } from './read-connection.ts';
import type { DamagedFile } from './reader.messages.ts';
import { SliceSize } from './slice-size.ts';

/** A walk through a stream in the order of its numbers. */
export interface NumberWalk {
  stream: MovingStream;
  isNewest: boolean;
  /** Above `low`, up to `high`, there is still to look. */
  low: number;
  high: number;
  withArchive: boolean;
  /** Looks at the rows above `low` up to `high`; gives the last row it took when it did not take all. */
  look(tables: ReadConnection | MemberTables, low: number, high: number): number | undefined;
}

export interface Walked {
  low: number;
  high: number;
  /** Segments in the part that was walked through, which were left out. */
  archived: number;
  damaged: DamagedFile[];
}

/** Walks until not all rows are taken any more, or the time is over. */
export function walkNumbers(
  connection: ReadConnection,
  walk: NumberWalk,
  deadlineMs: number,
): Walked {
  const walker = new Walker(connection, walk);
  while (walker.step() && performance.now() < deadlineMs);
  return walker.walked();
}

class Walker {
  readonly #connection: ReadConnection;
  readonly #walk: NumberWalk;
  readonly #size = new SliceSize();
  readonly #damaged: DamagedFiles;
  #low: number;
  #high: number;
  #segments: StoredSegment[] = [];

  constructor(connection: ReadConnection, walk: NumberWalk) {
    this.#connection = connection;
    this.#walk = walk;
    this.#damaged = new DamagedFiles(connection);
    this.#low = walk.low;
    this.#high = walk.high;
  }

  /** Looks at the next slice of the tables or part of a segment; false at the end. */
  step(): boolean {
    if (this.#low >= this.#high) return false;
    const { withArchive } = this.#walk;
    const inTables = withArchive ? this.#inOneMoment() : this.#lookInTables(0);
    return inTables ?? this.#lookInArchive();
  }

  walked(): Walked {
    const { stream, isNewest, low, high, withArchive } = this.#walk;
    const covered = isNewest ? { low: this.#high, high } : { low, high: this.#low };
    return {
      low: this.#low,
      high: this.#high,
      archived: withArchive ? 0 : countBetween(this.#connection, stream, covered),
      damaged: this.#damaged.found,
    };
  }

  /** A slice and the list of segments are read in one moment, so a row that moves meanwhile is in one of both. */
  #inOneMoment(): boolean | undefined {
    const { stream, isNewest } = this.#walk;
    return this.#connection.snapshot((database) => {
      const known = this.#connection.value<number>('SELECT coalesce(max(n), 0) FROM segments');
      if (known !== this.#segments.length) this.#segments = readSegments(database);
      const end = archivedThrough(this.#segments, stream);
      const isArchived = isNewest ? this.#high <= end : this.#low < end;
      return isArchived ? undefined : this.#lookInTables(end);
    });
  }

  /** One slice behind the end of the archive. */
  #lookInTables(end: number): boolean {
    const { isNewest, look } = this.#walk;
    const { rows } = this.#size;
    const low = Math.max(this.#low, end);
    const from = isNewest ? Math.max(low, this.#high - rows) : low;
    const to = isNewest ? this.#high : Math.min(this.#high, low + rows);
    return this.#goOn(
      from,
      to,
      this.#size.measure(() => look(this.#connection, from, to)),
    );
  }

  #lookInArchive(): boolean {
    const { stream, isNewest } = this.#walk;
    const at = isNewest ? this.#high : this.#low + 1;
    const segment = this.#segments.find((one) => holds(rangeOf(one, stream), at));
    // Blocks without this stream leave no gap between the numbers of two segments.
    let [first, last] = (segment && rangeOf(segment, stream)) ?? [at, at];
    if (!segment || !isKept(segment)) return this.#goOn(first - 1, last, undefined);
    try {
      const member = this.#connection.archive
        .members(segment)
        .find((one) => holds(numbersOf(one, stream), at));
      const numbers = member && numbersOf(member, stream);
      if (!numbers) throw damaged(segment.file, `${stream} ${at} is missing`);
      [first, last] = numbers;
      const tables = this.#connection.archive.tables(segment, member);
      const from = Math.max(first - 1, this.#low);
      const to = Math.min(last, this.#high);
      return this.#goOn(from, to, this.#walk.look(tables, from, to));
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error;
      this.#damaged.add(segment, error);
      return this.#goOn(first - 1, last, undefined);
    }
  }

  #goOn(from: number, to: number, stoppedAt: number | undefined): boolean {
    if (this.#walk.isNewest)
      this.#high = Math.max(this.#low, stoppedAt === undefined ? from : stoppedAt - 1);
    else this.#low = Math.min(this.#high, stoppedAt ?? to);
    return stoppedAt === undefined;
  }
}
