import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';
import { codeOf, KINDS } from './codes.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';
import {
  isBelow,
  pathFromValue,
  pathToValue,
  subtreeBounds,
  type PathValue,
} from './path-value.ts';
import { statColumns, type StatColumns } from './stat-columns.ts';

/** No path of a tree begins with a slash, so nothing can be under this name. */
const PARKED = '//parked' as BytePath;
const REWRITE_COUNT = 500;

/** Checksums that an event leaves: of what is at its path now, and of what was there before. */
export interface EventContent {
  now: Uint8Array | null;
  before: Uint8Array | null;
}

type IndexedFile = StatColumns & { kind: number | bigint; checksum: Buffer | null };

/**
 * The path index, kept by SQL inside the transaction of the events. It is the fold of the stream:
 * - create, update, attrib set a path's row (attrib keeps a checksum it does not bring, and is made an update first
 *   where the content is, or may be, another one);
 * - a move keeps it where size and modification time stayed the same;
 * - delete removes the row, of a directory also everything below;
 * - move takes the row to its new path, of a directory also everything below; what was there is gone;
 * - an event that only hints told changes nothing: what it is about came and went;
 * - an event without a stat (nothing was left to look at) changes no row, but delete and move do.
 */
export class FileIndex {
  readonly #upsert: SqliteStatement;
  readonly #get: SqliteStatement;
  readonly #deleteOne: SqliteStatement;
  readonly #deleteRange: SqliteStatement;
  readonly #deleteRoot: SqliteStatement;
  readonly #moveTextRange: SqliteStatement;
  readonly #selectRange: SqliteStatement;
  readonly #moveOne: SqliteStatement;
  readonly #countWith: SqliteStatement;
  readonly #checksum: SqliteStatement;
  /** Whether the content of any file may be known: while none is, none has to be looked up. */
  #mayKnowContent: boolean;

  constructor(database: SqliteDatabase) {
    const range = 'root_id = ? AND path >= ? AND path < ?';
    this.#upsert = database.prepare(`INSERT OR REPLACE INTO files
      (root_id, path, kind, dev, ino, size, mtime_seconds, mtime_nanos, ctime_seconds, ctime_nanos, mode, nlink, checksum)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#get = database
      .prepare(
        `SELECT kind, dev, ino, size AS stat_size, mtime_seconds, mtime_nanos, ctime_seconds, ctime_nanos,
         mode, nlink, checksum FROM files WHERE root_id = ? AND path = ?`,
      )
      .safeIntegers(true) as SqliteStatement;
    this.#deleteOne = database.prepare('DELETE FROM files WHERE root_id = ? AND path = ?');
    this.#deleteRange = database.prepare(`DELETE FROM files WHERE ${range}`);
    this.#deleteRoot = database.prepare('DELETE FROM files WHERE root_id = ?');
    this.#moveTextRange = database.prepare(
      `UPDATE files SET path = ? || substr(path, ?) WHERE ${range}`,
    );
    this.#selectRange = database
      .prepare(`SELECT path FROM files WHERE ${range} LIMIT ${REWRITE_COUNT}`)
      .pluck() as SqliteStatement;
    this.#moveOne = database.prepare('UPDATE files SET path = ? WHERE root_id = ? AND path = ?');
    this.#countWith = database
      .prepare(
        `SELECT count(*) FROM (SELECT 1 FROM files
         WHERE checksum = ? AND root_id = ? AND kind = ${codeOf(KINDS, 'file')} LIMIT 2)`,
      )
      .pluck() as SqliteStatement;
    this.#checksum = database
      .prepare('SELECT checksum FROM files WHERE root_id = ? AND path = ?')
      .pluck() as SqliteStatement;
    this.#mayKnowContent =
      database.prepare('SELECT 1 FROM files WHERE checksum IS NOT NULL LIMIT 1').get() !==
      undefined;
  }

  /** The checksum of what the index has at a path; null when it is not known. */
  checksum(rootId: number, path: BytePath): Buffer | null {
    return this.#checksumAt(rootId, pathToValue(path));
  }

  /** Whether the index has this very file at its path: the same inode, size, times and mode. */
  holds(rootId: number, { path, kind, stat }: FileEventRecord): boolean {
    const known = this.#file(rootId, pathToValue(path));
    if (!known || !stat || Number(known.kind) !== codeOf(KINDS, kind)) return false;
    return Object.entries(statColumns(stat)).every(
      ([name, value]) => known[name as keyof StatColumns] === BigInt(value as bigint | number),
    );
  }

  /** Whether an `attrib` is of a file that is known to have, or may have, another content than the index says. */
  hasOtherContent(rootId: number, record: FileEventRecord): boolean {
    const { event, kind, path, checksum, isContentUnsure, stat } = record;
    if (event !== 'attrib' || kind !== 'file' || !stat) return false;
    if (!checksum && !isContentUnsure) return false;
    const known = this.checksum(rootId, path);
    return known !== null && (!checksum || !known.equals(checksum));
  }

  /** Whether several files of the root have this content, or one, or none: 2, 1 or 0. */
  countWith(rootId: number, checksum: Uint8Array): number {
    return this.#countWith.get(checksum, rootId) as number;
  }

  /** Returns what is known of the content at the event's path. */
  apply(rootId: number, record: FileEventRecord): EventContent {
    if (record.seen === 'hint') return withoutStat(record);
    switch (record.event) {
      case 'delete':
        return this.#delete(rootId, record);
      case 'move':
        return this.#move(rootId, record);
      default:
        return record.stat ? this.#set(rootId, record) : withoutStat(record);
    }
  }

  #set(rootId: number, record: FileEventRecord): EventContent {
    const { event, kind } = record;
    const path = pathToValue(record.path);
    const known = event === 'create' ? null : this.#checksumAt(rootId, path);
    const now = record.checksum ?? (event === 'attrib' ? known : null);
    const stat = statColumns(record.stat!);
    this.#put(rootId, path, { kind: codeOf(KINDS, kind), ...stat }, now);
    return { now, before: event === 'update' ? known : null };
  }

  #delete(rootId: number, { path, kind }: FileEventRecord): EventContent {
    const value = pathToValue(path);
    const before = kind === 'file' ? this.#checksumAt(rootId, value) : null;
    if (kind === 'dir') this.#deleteBelow(rootId, path);
    this.#deleteOne.run(rootId, value);
    return { now: null, before };
  }

  #move(rootId: number, record: FileEventRecord): EventContent {
    const { path, from, kind, stat } = record;
    if (from === undefined || from === path)
      return stat ? this.#set(rootId, record) : withoutStat(record);
    const source = pathToValue(from);
    const target = pathToValue(path);
    const old = stat && !this.#mayKnowContent ? undefined : this.#file(rootId, source);
    this.#deleteOne.run(rootId, source);
    if (kind === 'dir') this.#moveBelow(rootId, from, path);
    const found = stat ? { kind: codeOf(KINDS, kind), ...statColumns(stat) } : old;
    const carried = old && found && isSameContent(old, found) ? old.checksum : null;
    const now = record.checksum ?? carried;
    if (found) this.#put(rootId, target, found, now);
    else this.#deleteOne.run(rootId, target);
    return { now, before: null };
  }

  #checksumAt(rootId: number, path: PathValue): Buffer | null {
    if (!this.#mayKnowContent) return null;
    return (this.#checksum.get(rootId, path) as Buffer | null | undefined) ?? null;
  }

  #file(rootId: number, path: PathValue): IndexedFile | undefined {
    return this.#get.get(rootId, path) as IndexedFile | undefined;
  }

  #put(
    rootId: number,
    path: PathValue,
    file: StatColumns & { kind: number | bigint },
    checksum: Uint8Array | null,
  ): void {
    this.#mayKnowContent ||= checksum !== null;
    this.#upsert.run(
      rootId,
      path,
      file.kind,
      file.dev,
      file.ino,
      file.stat_size,
      file.mtime_seconds,
      file.mtime_nanos,
      file.ctime_seconds,
      file.ctime_nanos,
      file.mode,
      file.nlink,
      checksum,
    );
  }

  #deleteBelow(rootId: number, directory: BytePath): void {
    if (directory === '') {
      this.#deleteRoot.run(rootId);
      return;
    }
    const { text, blob } = subtreeBounds(directory);
    if (text) this.#deleteRange.run(rootId, text.from, text.below);
    this.#deleteRange.run(rootId, blob.from, blob.below);
  }

  #moveBelow(rootId: number, from: BytePath, to: BytePath): void {
    if (isBelow(to, from)) return; // no file system moves a directory into itself
    if (isBelow(from, to)) {
      // a/b becomes a: what else was in a is gone, and a/b must not go with it.
      this.#rewrite(rootId, from, PARKED);
      this.#deleteBelow(rootId, to);
      this.#rewrite(rootId, PARKED, to);
      return;
    }
    this.#deleteBelow(rootId, to);
    this.#rewrite(rootId, from, to);
  }

  #rewrite(rootId: number, from: BytePath, to: BytePath): void {
    const { text, blob } = subtreeBounds(from);
    const target = pathToValue(to);
    if (text && typeof target === 'string') {
      const keepFrom = [...text.from].length; // substr counts characters; keeps the slash
      this.#moveTextRange.run(target, keepFrom, rootId, text.from, text.below);
    } else if (text) {
      this.#rewriteOneByOne(rootId, text.from, text.below, from, to);
    }
    this.#rewriteOneByOne(rootId, blob.from, blob.below, from, to);
  }

  /** For names that are not UTF-8: their rows may change between TEXT and BLOB with the new prefix. */
  #rewriteOneByOne(
    rootId: number,
    first: PathValue,
    below: PathValue,
    from: BytePath,
    to: BytePath,
  ): void {
    for (;;) {
      const paths = this.#selectRange.all(rootId, first, below) as PathValue[];
      for (const value of paths) {
        const moved = (to + pathFromValue(value).slice(from.length)) as BytePath;
        this.#moveOne.run(pathToValue(moved), rootId, value);
      }
      if (paths.length < REWRITE_COUNT) return;
    }
  }
}

function withoutStat({ checksum }: FileEventRecord): EventContent {
  return { now: checksum ?? null, before: null };
}

/** As the watch host judges it. */
function isSameContent(old: StatColumns, now: StatColumns): boolean {
  const names = ['stat_size', 'mtime_seconds', 'mtime_nanos'] as const;
  return names.every((name) => BigInt(old[name]) === BigInt(now[name]));
}
