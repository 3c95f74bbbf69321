import { IndexPageWriter, type IndexPage } from '../../protocol/index-page.ts';
import { codeOf, KINDS, wordOf } from './codes.ts';
import { pathFromValue, pathToValue, type PathValue } from './path-value.ts';
import type { ReadConnection } from './read-connection.ts';
import type { CountDirectoriesInput, LoadIndexInput } from './reader.messages.ts';
import { findRoot } from './root-lookup.ts';

/** In the order of COLUMNS. */
type Row = [path: PathValue, kind: number, ...numbers: number[]];

// 64-bit integers as two halves: numbers cost a tenth of what bigints do.
const COLUMNS = `path, kind, mode, nlink, size, dev & 4294967295, dev >> 32, ino & 4294967295, ino >> 32,
  mtime_seconds, mtime_nanos, ctime_seconds, ctime_nanos`;

/** A page of a root's index for the watch host, in the order of listFiles; empty for an unknown root. */
export function indexPage(connection: ReadConnection, input: LoadIndexInput): IndexPage {
  const writer = new IndexPageWriter();
  const root = findRoot(connection, input.rootPath);
  if (!root) return writer.page();
  const { afterPath, limit } = input;
  const isFirst = afterPath === null;
  const statement = connection.prepare(
    `SELECT ${COLUMNS} FROM files WHERE root_id = ? AND path ${isFirst ? '>=' : '>'} ? ORDER BY path LIMIT ?`,
  );
  const after = isFirst ? '' : pathToValue(afterPath);
  for (const row of statement.raw().all(root.rootId, after, limit) as Row[]) addRow(writer, row);
  return writer.page();
}

/** How many directories the index of a root has; of more than the limit so many are counted. */
export function countDirectories(
  connection: ReadConnection,
  { rootPath, limit }: CountDirectoriesInput,
): number {
  const root = findRoot(connection, rootPath);
  if (!root) return 0;
  const sql = `SELECT count(*) FROM
    (SELECT 1 FROM files WHERE root_id = ? AND kind = ${codeOf(KINDS, 'dir')} LIMIT ?)`;
  return connection.value<number>(sql, root.rootId, limit) ?? 0;
}

function addRow(writer: IndexPageWriter, row: Row): void {
  writer.add(pathFromValue(row[0]), wordOf(KINDS, row[1]), {
    mode: row[2]!,
    nlink: row[3]!,
    size: row[4]!,
    devLow: row[5]!,
    devHigh: row[6]!,
    inoLow: row[7]!,
    inoHigh: row[8]!,
    mtimeSeconds: row[9]!,
    mtimeNanos: row[10]!,
    ctimeSeconds: row[11]!,
    ctimeNanos: row[12]!,
  });
}
