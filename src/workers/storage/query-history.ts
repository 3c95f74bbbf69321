import { bytePathFromBuffer, showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { BodyOf, EventRow } from '../../protocol/messages.ts';
import { archiveNotes, prunedThrough } from './archive/segment-spans.ts';
import type { FileEventRow } from './canonical.ts';
import { codeOf, EVENTS, KINDS, STREAMS, wordOf } from './codes.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { streamEndSql } from './group-heads.ts';
import { pathOfCursor, textOfPath } from './list-files.ts';
import { PageRows } from './page-rows.ts';
import { PathTrace, type PathEvent, type TracePlace } from './path-trace.ts';
import { pathFromValue, pathToValue } from './path-value.ts';
import { presentColumns } from './present-columns.ts';
import { EVENT_COLUMNS, wireRow } from './query-events.ts';
import type { ReadConnection, RowTables } from './read-connection.ts';
import type { HistoryPlace, Page } from './reader.messages.ts';
import { allRoots, placesOf, rootsOf, type KnownRoot, type PathInRoot } from './root-lookup.ts';
import { filterPath } from './row-values.ts';
import { walkNumbers, type NumberWalk } from './walk-numbers.ts';

type Query = BodyOf<'QueryHistory'>;

const TAG = 'history';
const MOVE = codeOf(EVENTS, 'move');
const FOLDER = codeOf(KINDS, 'dir');

/**
 * A page of what happened to one path, newest first, under each name that it had. There is no index of events by path,
 * so a page looks through the events for as long as a page may take, and says how far it came.
 */
export function queryHistory(
  connection: ReadConnection,
  query: Query,
): Page<EventRow> & HistoryPlace {
  const head = connection.value<number>(streamEndSql(STREAMS.fileEvents)) ?? 0;
  const { high, root, trace, otherRoots } = begin(connection, query, head);
  const columns = presentColumns(connection, 'file_events', EVENT_COLUMNS);
  const page = new PageRows<EventRow>(query.limit);
  const roots = new Map([[root.rootId, root]]);
  const walk: NumberWalk = {
    stream: 'file_events',
    isNewest: true,
    low: 0,
    high,
    withArchive: query.include_archived === true,
    look: (tables, from, to) => {
      const rows = tracedRows(tables, { columns, rootId: root.rootId, from, to, trace });
      for (const row of rows) {
        const record = eventOf(row);
        if (trace.contradicts(record)) return trace.retreat();
        if (!page.add(wireRow(row, roots))) return page.rows.at(-1)!.seq;
        trace.goBack(record);
      }
      return undefined;
    },
  };
  const walked = walkNumbers(connection, walk, performance.now() + connection.budgetMs);
  const isAstray = walked.high === walked.low && trace.place.retreat !== undefined;
  const downTo = isAstray ? trace.retreat() - 1 : walked.high;
  const pruned = prunedThrough(connection, 'file_events', 0, true);
  return {
    rows: page.rows,
    ...(downTo > walked.low && {
      next: encodeCursor(connection, TAG, [downTo, root.rootId, ...partsOf(trace)]),
    }),
    root: root.shown.path,
    otherRoots,
    head,
    downTo,
    ...(pruned !== undefined && { prunedThrough: pruned }),
    ...archiveNotes(walked),
  };
}

/** Where the walk begins, or goes on. */
function begin(connection: ReadConnection, query: Query, head: number) {
  const places = placesWith(connection, query);
  if (query.cursor == null) {
    const [{ root, path }, ...others] = places as [PathInRoot, ...PathInRoot[]];
    const trace = new PathTrace({ path, isThere: isThere(connection, root, path) ? 'yes' : 'no' });
    return { high: head, root, trace, otherRoots: others.map((one) => one.root.shown.path) };
  }
  const [high, rootId, ...parts] = decodeCursor(connection, TAG, SHAPE, query.cursor);
  const root = allRoots(connection).find((one) => one.rootId === rootId)!;
  const otherRoots = places.flatMap((one) =>
    one.root.rootId === rootId ? [] : [one.root.shown.path],
  );
  return { high, root, trace: traceOf(parts), otherRoots };
}

const SHAPE = ['number', 'number', 'string', 'string', 'string', 'number'] as const;

function partsOf({ place }: PathTrace): [string, string, string, number] {
  const { path, isThere: there, retreat } = place;
  return [textOfPath(path), there, textOfPath(retreat?.path ?? path), retreat?.seq ?? 0];
}

function traceOf([path, there, retreatPath, retreatSeq]: [
  string,
  string,
  string,
  number,
]): PathTrace {
  return new PathTrace({
    path: pathOfCursor(path),
    isThere: there as TracePlace['isThere'],
    ...(retreatSeq > 0 && { retreat: { path: pathOfCursor(retreatPath), seq: retreatSeq } }),
  });
}

/** The path in the roots that hold it, the innermost first. */
function placesWith(connection: ReadConnection, query: Query): PathInRoot[] {
  const path =
    query.path_b64 == null
      ? filterPath(query.path)
      : bytePathFromBuffer(Buffer.from(query.path_b64, 'base64'));
  const places = placesOf(rootsOf(connection, query.root), path)
    .filter(({ root }) => !path.startsWith('/') || isWithin(path, root))
    .toSorted((left, right) => right.root.path.length - left.root.path.length);
  if (places.length > 0) return places;
  const what = `watched root that holds ${showBytePath(path).path}`;
  throw new CodiError('CODI_NOT_FOUND', { what });
}

/** placesOf also finds roots below a path. */
function isWithin(path: BytePath, { path: root }: KnownRoot): boolean {
  return path === root || root === '/' || path.startsWith(`${root}/`);
}

function isThere(connection: ReadConnection, { rootId }: KnownRoot, path: BytePath): boolean {
  const sql = 'SELECT 1 FROM files WHERE root_id = ? AND path = ?';
  return connection.value<number>(sql, rootId, pathToValue(path)) === 1;
}

interface Traced {
  columns: string;
  rootId: number;
  /** Above `from`, up to `to`. */
  from: number;
  to: number;
  trace: PathTrace;
}

/** Rows of the path, newest first; the trace goes back while they are read. */
function* tracedRows(tables: RowTables, traced: Traced): Generator<FileEventRow> {
  const { columns, rootId, from, trace } = traced;
  for (let { to } = traced; ;) {
    const { path } = trace.place;
    const folders = foldersOf(path).map(pathToValue);
    const marks = folders.map(() => '?').join(', ');
    const sql = `SELECT ${columns} FROM file_events WHERE seq > ? AND seq <= ? AND root_id = ?
      AND (path = ? OR from_path = ? OR event = ${MOVE} AND kind = ${FOLDER}
        AND (path IN (${marks}) OR from_path IN (${marks})))
      ORDER BY seq DESC`;
    const own = pathToValue(path);
    const values = [from, to, rootId, own, own, ...folders, ...folders];
    let isRenamed = false;
    for (const value of tables.prepare(sql).iterate(...values)) {
      const row = value as FileEventRow;
      if (!trace.concerns(eventOf(row))) continue;
      yield row;
      to = row.seq - 1;
      isRenamed = trace.place.path !== path;
      if (isRenamed) break;
    }
    if (!isRenamed) return;
  }
}

/** Those that a path lies in, without the root itself, which does not move. */
function foldersOf(path: BytePath): BytePath[] {
  const folders: BytePath[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    folders.push(path.slice(0, at) as BytePath);
  return folders;
}

function eventOf(row: FileEventRow): PathEvent {
  return {
    seq: row.seq,
    event: wordOf(EVENTS, row.event),
    kind: wordOf(KINDS, row.kind),
    path: pathFromValue(row.path),
    from: row.from_path === null ? undefined : pathFromValue(row.from_path),
  };
}
