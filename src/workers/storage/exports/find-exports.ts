/** Finds files that are to be captured: among the events behind a place, or in the path index. */
import { absolutePath, ExportSelector, type ExportRules } from '../../../protocol/export-names.ts';
import type { BytePath } from '../../../protocol/byte-path.ts';
import { SESSION_BY } from '../../../protocol/kinds.ts';
import type { RecordSession } from '../../../protocol/file-event.ts';
import { codeOf, EVENTS, KINDS, wordOf } from '../codes.ts';
import type {
  FindExportsInput,
  FoundExport,
  FoundExports,
  IndexedExports,
  IndexedExportsInput,
} from '../exports.messages.ts';
import { pathFromValue, pathToValue, type PathValue } from '../path-value.ts';
import type { ReadConnection } from '../read-connection.ts';
import { allRoots } from '../root-lookup.ts';
import { statFromColumns, type StatColumns } from '../stat-columns.ts';

/** A page: rows that are looked at, and matches that are given. */
const ROWS_MAX = 20_000;
const FOUND_MAX = 1_000;
/** Rows of which only the name is read, before the time is looked at: few of them are exports. */
const NAMES_COUNT = 1_000;
const DELETE = codeOf(EVENTS, 'delete');
const DIRECTORY = codeOf(KINDS, 'dir');

type EventColumns = {
  seq: bigint;
  root_id: bigint;
  seconds: bigint;
  nanos: bigint;
  event: bigint;
  path: PathValue;
  from_path: PathValue | null;
  session_id: string | null;
  session_by: bigint | null;
  tenant_id: string | null;
  user_id: string | null;
} & (StatColumns | { ino: null });
type EventName = [seq: number, rootId: number, path: PathValue];
type FileName = [rootId: number, path: PathValue];

const STAT =
  'dev, ino, stat_size, mtime_seconds, mtime_nanos, ctime_seconds, ctime_nanos, mode, nlink';
const EVENT_NAMES_SQL = `SELECT seq, root_id, path FROM file_events
  WHERE seq > ? AND seq <= ? AND kind <> ${DIRECTORY} ORDER BY seq LIMIT ${NAMES_COUNT}`;
const EVENT_SQL = `SELECT seq, root_id, seconds, nanos, event, path, from_path, session_id, session_by, tenant_id,
    user_id, ${STAT} FROM file_events WHERE seq = ?`;
const FILE_NAMES_SQL = `SELECT root_id, path FROM files
  WHERE (root_id, path) > (?, ?) AND kind <> ${DIRECTORY} ORDER BY root_id, path LIMIT ${NAMES_COUNT}`;
const FILE_SQL = `SELECT ${STAT.replace('stat_size', 'size AS stat_size')} FROM files
  WHERE root_id = ? AND path = ?`;

let compiled: { key: string; selector: ExportSelector } | undefined;

export function findExports(connection: ReadConnection, input: FindExportsInput): FoundExports {
  return connection.snapshot(() => readEvents(connection, input));
}

export function indexedExports(
  connection: ReadConnection,
  input: IndexedExportsInput,
): IndexedExports {
  return connection.snapshot(() => readIndex(connection, input));
}

function readEvents(
  connection: ReadConnection,
  { afterSeq, throughSeq, rules }: FindExportsInput,
): FoundExports {
  const selector = selectorOf(rules);
  const roots = rootPaths(connection);
  const first = connection.value<number>(
    'SELECT seq FROM file_events WHERE seq > ? LIMIT 1',
    afterSeq,
  );
  const hasGap = first !== undefined ? first > afterSeq + 1 : throughSeq > afterSeq;
  const untilMs = performance.now() + connection.budgetMs;
  const found: FoundExport[] = [];
  let last = afterSeq;
  const names = connection.prepare(EVENT_NAMES_SQL).raw();
  for (let count = NAMES_COUNT; count <= ROWS_MAX; count += NAMES_COUNT) {
    const rows = names.all(last, throughSeq) as EventName[];
    for (const [seq, rootId, path] of rows) {
      last = seq;
      const root = roots.get(rootId);
      if (root === undefined || selector.kindOf(root, pathFromValue(path)) === undefined) continue;
      const row = connection.prepare(EVENT_SQL, true).get(seq) as EventColumns;
      found.push(matchOf(selector, root, row)!);
      if (found.length >= FOUND_MAX) return { found, throughSeq: last, hasGap };
    }
    if (rows.length < NAMES_COUNT) return { found, throughSeq, hasGap };
    if (performance.now() > untilMs) break;
  }
  return { found, throughSeq: last, hasGap };
}

function readIndex(
  connection: ReadConnection,
  { rules, after }: IndexedExportsInput,
): IndexedExports {
  const selector = selectorOf(rules);
  const roots = rootPaths(connection);
  const untilMs = performance.now() + connection.budgetMs;
  const found: FoundExport[] = [];
  let last: FileName = [after?.rootId ?? 0, after ? pathToValue(after.path) : ''];
  const next = () => ({ rootId: last[0], path: pathFromValue(last[1]) });
  const names = connection.prepare(FILE_NAMES_SQL).raw();
  for (let count = NAMES_COUNT; count <= ROWS_MAX; count += NAMES_COUNT) {
    const rows = names.all(...last) as FileName[];
    for (const row of rows) {
      last = row;
      const match = indexedMatchOf(connection, selector, roots, row);
      if (match) found.push(match);
      if (found.length >= FOUND_MAX) return { found, next: next() };
    }
    if (rows.length < NAMES_COUNT) return { found, next: null };
    if (performance.now() > untilMs) break;
  }
  return { found, next: next() };
}

function indexedMatchOf(
  connection: ReadConnection,
  selector: ExportSelector,
  roots: ReadonlyMap<number, BytePath>,
  [rootId, value]: FileName,
): FoundExport | undefined {
  const root = roots.get(rootId);
  const path = pathFromValue(value);
  const kind = root === undefined ? undefined : selector.kindOf(root, path);
  if (root === undefined || kind === undefined) return undefined;
  const row = connection.prepare(FILE_SQL, true).get(rootId, value) as StatColumns;
  return {
    seq: 0,
    root,
    path: absolutePath(root, path),
    from: null,
    kind,
    isDelete: false,
    identity: statFromColumns(row),
    session: null,
    seenAtMs: 0,
  };
}

function matchOf(
  selector: ExportSelector,
  root: BytePath,
  row: EventColumns,
): FoundExport | undefined {
  const path = pathFromValue(row.path);
  const from = row.from_path === null ? undefined : pathFromValue(row.from_path);
  const kind = selector.kindOf(root, path);
  if (kind === undefined) return undefined;
  const wasExport = from !== undefined && selector.kindOf(root, from) !== undefined;
  return {
    seq: Number(row.seq),
    root,
    path: absolutePath(root, path),
    from: wasExport ? absolutePath(root, from) : null,
    kind,
    isDelete: Number(row.event) === DELETE,
    identity: row.ino === null ? null : statFromColumns(row),
    session: sessionOf(row),
    seenAtMs: Number(row.seconds) * 1_000 + Math.floor(Number(row.nanos) / 1e6),
  };
}

function sessionOf({ session_id: id, session_by: by, ...row }: EventColumns): RecordSession | null {
  if (id === null || by === null) return null;
  return { id, by: wordOf(SESSION_BY, Number(by)), tenantId: row.tenant_id, userId: row.user_id };
}

/** Rules change with a restart of the daemon alone, so the last ones are kept. */
function selectorOf(rules: ExportRules): ExportSelector {
  const key = JSON.stringify(rules);
  if (compiled?.key !== key) compiled = { key, selector: new ExportSelector(rules) };
  return compiled.selector;
}

function rootPaths(connection: ReadConnection): ReadonlyMap<number, BytePath> {
  return new Map(allRoots(connection).map(({ rootId, path }) => [rootId, path]));
}
