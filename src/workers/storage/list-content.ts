import type { FileRow } from '../../protocol/messages.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import {
  FILE_COLUMNS,
  fileRow,
  pathOfCursor,
  placesFor,
  textOfPath,
  type FileColumns,
} from './list-files.ts';
import { PageRows } from './page-rows.ts';
import { isBelow, pathFromValue, pathToValue } from './path-value.ts';
import type { ReadConnection } from './read-connection.ts';
import type { ListFilesInput, Page } from './reader.messages.ts';
import type { PathInRoot } from './root-lookup.ts';

type ContentColumns = FileColumns & { root_id: bigint };

const TAG = 'files content';
/** The order of the index of contents. */
const ORDER = 'size, kind, root_id, path';

/** A page of the files with one content, by root and path. */
export function listContent(connection: ReadConnection, input: ListFilesInput): Page<FileRow> {
  const page = new PageRows<FileRow>(input.limit);
  const places = placesFor(connection, input);
  const values: unknown[] = [Buffer.from(input.checksum!, 'hex')];
  let after = '';
  if (input.cursor != null) {
    const shape = ['number', 'number', 'number', 'string'] as const;
    const [size, kind, rootId, path] = decodeCursor(connection, TAG, shape, input.cursor);
    after = `AND (${ORDER}) > (?, ?, ?, ?)`;
    values.push(size, kind, rootId, pathToValue(pathOfCursor(path)));
  }
  const sql = `SELECT root_id, ${FILE_COLUMNS} FROM files INDEXED BY files_content
    WHERE checksum = ? ${after} ORDER BY ${ORDER}`;
  const deadlineMs = performance.now() + connection.budgetMs;
  let last: ContentColumns | undefined;
  for (const value of connection.prepare(sql, true).iterate(...values)) {
    const row = value as ContentColumns;
    const place = places.find((one) => isIn(one, row));
    const isFull = place && !page.add(fileRow(place.root, row));
    if (isFull || (last && performance.now() > deadlineMs))
      return { rows: page.rows, next: cursorOf(connection, isFull ? last! : row) };
    last = row;
  }
  return { rows: page.rows };
}

function isIn({ root, path }: PathInRoot, row: ContentColumns): boolean {
  if (BigInt(root.rootId) !== row.root_id) return false;
  const own = pathFromValue(row.path);
  return path === '' || own === path || isBelow(own, path);
}

function cursorOf(connection: ReadConnection, row: ContentColumns): string {
  const { stat_size: size, kind, root_id: rootId, path } = row;
  const place = [Number(size), Number(kind), Number(rootId), textOfPath(pathFromValue(path))];
  return encodeCursor(connection, TAG, place);
}
