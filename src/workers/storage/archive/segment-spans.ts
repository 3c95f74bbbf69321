import type { StoredSegment } from '../archive.messages.ts';
import type { ReadConnection } from '../read-connection.ts';
import type { DamagedFile } from '../reader.messages.ts';
import {
  ARCHIVE_FOLDER,
  type DamagedSegment,
  type MemberIndex,
  type NumberRange,
} from './segment-format.ts';

/** A stream whose rows retention moves. */
export type MovingStream = 'logs' | 'file_events';

/** The numbers of a stream in a segment. */
export function rangeOf(segment: StoredSegment, stream: MovingStream): NumberRange {
  const [first, last] =
    stream === 'logs'
      ? [segment.firstLog, segment.lastLog]
      : [segment.firstEvent, segment.lastEvent];
  return first === null || last === null ? null : [first, last];
}

/** The numbers of a stream in one part of a segment. */
export function numbersOf(member: MemberIndex, stream: MovingStream): NumberRange {
  return stream === 'logs' ? member.logs : member.file_events;
}

export function holds(range: NumberRange, number: number): boolean {
  return range !== null && range[0] <= number && number <= range[1];
}

/** The last number of a stream that is in a segment, or was. */
export function archivedThrough(segments: readonly StoredSegment[], stream: MovingStream): number {
  return segments.reduce((end, one) => Math.max(end, rangeOf(one, stream)?.[1] ?? 0), 0);
}

/** How many kept segments have numbers above `low` and up to `high`. */
export function countBetween(
  connection: ReadConnection,
  stream: MovingStream,
  { low, high }: { low: number; high: number },
): number {
  const [first, last] =
    stream === 'logs' ? ['first_log', 'last_log'] : ['first_event', 'last_event'];
  const sql = `SELECT count(*) FROM segments WHERE file IS NOT NULL AND removed_ms IS NULL
    AND ${last} > ? AND ${first} <= ?`;
  return connection.value<number>(sql, low, high)!;
}

/**
 * The last number above `low` whose row has left the tables for good: retention deleted it, or moved it into the
 * archive, which is not asked for.
 */
export function prunedThrough(
  connection: ReadConnection,
  stream: MovingStream,
  low: number,
  withArchive: boolean,
): number | undefined {
  const last = stream === 'logs' ? 'last_log' : 'last_event';
  const away = withArchive ? 'AND (file IS NULL OR removed_ms IS NOT NULL)' : '';
  const sql = `SELECT max(${last}) FROM segments WHERE ${last} > ? ${away}`;
  return connection.value<number | null>(sql, low) ?? undefined;
}

/** What an answer says about the archive. */
export function archiveNotes({ archived, damaged }: { archived: number; damaged: DamagedFile[] }) {
  return { ...(archived > 0 && { archived }), ...(damaged.length > 0 && { damaged }) };
}

/** Files that cannot be read, each named once. */
export class DamagedFiles {
  readonly found: DamagedFile[] = [];
  readonly #connection: ReadConnection;

  constructor(connection: ReadConnection) {
    this.#connection = connection;
  }

  /** A file that retention has given up meanwhile is no damage. */
  add({ n, file }: { n: number; file: string }, error: DamagedSegment): void {
    const name = `${ARCHIVE_FOLDER}/${file}`;
    const sql = 'SELECT removed_ms IS NULL FROM segments WHERE n = ?';
    const isKeptStill = this.#connection.value<number>(sql, n) === 1;
    if (!isKeptStill || this.found.some((one) => one.file === name)) return;
    this.found.push({ file: name, reason: error.message.replace(`${name}: `, '') });
  }
}
