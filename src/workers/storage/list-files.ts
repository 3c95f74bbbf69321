import type { BytePath } from '../../protocol/byte-path.ts';
import type { IndexRow } from '../../protocol/file-event.ts';
import type { FileRow } from '../../protocol/messages.ts';
import { KINDS, wordOf } from './codes.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { PageRows } from './page-rows.ts';
import { pathFromValue, pathToValue, subtreeBounds, type PathValue } from './path-value.ts';
import type { ReadConnection } from './read-connection.ts';
import type { ListFilesInput, LoadIndexInput, Page } from './reader.messages.ts';
import { findRoot, placesOf, rootsOf, type KnownRoot, type PathInRoot } from './root-lookup.ts';
import { exactNumber, filterPath, hexText, shownPath, timeText } from './row-values.ts';
import { statFromColumns, type StatColumns } from './stat-columns.ts';

export type FileColumns = StatColumns & { path: PathValue; kind: bigint; checksum: Buffer | null };
/** Part of the index in key order: from `first`, included, to `below`, not included. */
interface KeyRange {
  first: PathValue;
  below: PathValue | undefined;
}

const TAG = 'files';
export const FILE_COLUMNS =
  'path, kind, dev, ino, size AS stat_size, mtime_seconds, mtime_nanos, ctime_seconds, ctime_nanos, mode, nlink, checksum';

/** A page of the path index: a root, or what lies at and below a path of it. */
export function listFiles(connection: ReadConnection, input: ListFilesInput): Page<FileRow> {
  const page = new PageRows<FileRow>(input.limit);
  const cursor =
    input.cursor == null
      ? undefined
      : decodeCursor(connection, TAG, ['number', 'string'] as const, input.cursor);
  let last: { rootId: number; path: BytePath } | undefined;
  for (const place of placesFor(connection, input)) {
    const { root } = place;
    if (cursor && root.rootId < cursor[0]) continue;
    const after = cursor && root.rootId === cursor[0] ? pathOfCursor(cursor[1]) : undefined;
    for (const row of rowsIn(connection, place, after, () => page.wanted)) {
      if (!page.add(fileRow(root, row))) {
        return {
          rows: page.rows,
          next: encodeCursor(connection, TAG, [last!.rootId, textOfPath(last!.path)]),
        };
      }
      last = { rootId: root.rootId, path: pathFromValue(row.path) };
    }
  }
  return { rows: page.rows };
}

/** A page of a root's index with its checksums, in the order of listFiles. */
export function loadIndex(connection: ReadConnection, input: LoadIndexInput): IndexRow[] {
  const root = findRoot(connection, input.rootPath);
  if (!root) return [];
  const rows: IndexRow[] = [];
  const place = { root, path: '' as BytePath };
  const after = input.afterPath ?? undefined;
  for (const row of rowsIn(connection, place, after, () => input.limit - rows.length)) {
    if (rows.length === input.limit) break;
    rows.push({
      path: pathFromValue(row.path),
      kind: wordOf(KINDS, Number(row.kind)),
      stat: statFromColumns(row),
      ...(row.checksum !== null && { checksum: row.checksum }),
    });
  }
  return rows;
}

export function placesFor(connection: ReadConnection, input: ListFilesInput): PathInRoot[] {
  const roots = listedRoots(connection, input);
  const prefix = input.prefix ? filterPath(input.prefix) : ('' as BytePath);
  return prefix === '' ? roots.map((root) => ({ root, path: prefix })) : placesOf(roots, prefix);
}

/** The root that is asked for, or those that are watched, by id. */
export function listedRoots(
  connection: ReadConnection,
  input: Pick<ListFilesInput, 'root' | 'roots'>,
): KnownRoot[] {
  const roots =
    input.root == null && input.roots
      ? input.roots.flatMap((path) => findRoot(connection, path) ?? [])
      : rootsOf(connection, input.root);
  return roots.toSorted((left, right) => left.rootId - right.rootId);
}

function* rowsIn(
  connection: ReadConnection,
  place: PathInRoot,
  after: BytePath | undefined,
  limit: () => number,
): Generator<FileColumns> {
  const afterValue = after === undefined ? undefined : pathToValue(after);
  for (const range of rangesOf(place.path)) {
    const isBehind = afterValue !== undefined && compareKeys(afterValue, range.first) >= 0;
    const bounds: PathValue[] = [isBehind ? afterValue : range.first];
    let sql = `SELECT ${FILE_COLUMNS} FROM files WHERE root_id = ? AND path ${isBehind ? '>' : '>='} ?`;
    if (range.below !== undefined) {
      sql += ' AND path < ?';
      bounds.push(range.below);
    }
    const statement = connection.prepare(`${sql} ORDER BY path LIMIT ?`, true);
    yield* statement.iterate(
      place.root.rootId,
      ...bounds,
      limit(),
    ) as IterableIterator<FileColumns>;
  }
}

/** The path itself, then TEXT names below it, then BLOB names: the order of the key. */
function rangesOf(path: BytePath): KeyRange[] {
  if (path === '') return [{ first: '', below: undefined }];
  const own = pathToValue(path);
  const behindOwn = pathToValue(`${path}\x00` as BytePath);
  const { text, blob } = subtreeBounds(path);
  return [
    { first: own, below: behindOwn },
    ...(text ? [{ first: text.from, below: text.below }] : []),
    { first: blob.from, below: blob.below },
  ];
}

/** SQLite's order: TEXT before BLOB, each by bytes. */
function compareKeys(left: PathValue, right: PathValue): number {
  if (typeof left !== typeof right) return typeof left === 'string' ? -1 : 1;
  return Buffer.compare(Buffer.from(left as string), Buffer.from(right as string));
}

export function fileRow(root: KnownRoot, row: FileColumns): FileRow {
  return {
    root: root.shown.path,
    ...shownPath(row.path),
    kind: wordOf(KINDS, Number(row.kind)),
    size: Number(row.stat_size),
    mtime: timeText(Number(row.mtime_seconds), Number(row.mtime_nanos)),
    ino: exactNumber(BigInt.asUintN(64, row.ino)),
    ...(row.checksum !== null && { checksum: hexText(row.checksum) }),
  };
}

export function textOfPath(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString('base64url');
}

export function pathOfCursor(text: string): BytePath {
  return Buffer.from(text, 'base64url').toString('latin1') as BytePath;
}
