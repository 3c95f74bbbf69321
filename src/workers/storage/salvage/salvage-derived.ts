/** What a database holds beside its chain: taken over where its check sums hold, or made anew from the streams. */
import { ArchivedBlocks } from '../archive/archived-blocks.ts';
import { DamagedSegment } from '../archive/segment-format.ts';
import { STREAMS } from '../codes.ts';
import { FileIndex } from '../file-index.ts';
import { LOSSES, type LossKind } from '../lost-blocks.ts';
import { replayCoordination } from '../replay-coordination.ts';
import { UNKNOWN_SEQUENCE } from '../root-book.ts';
import { rowSum } from '../row-sum.ts';
import { eventRecordOf } from '../stored-event.ts';
import { FILE_EVENT_COLUMNS, type StoredRow } from '../stored-rows.ts';
import { isCount } from './block-candidates.ts';
import type { FoundRow, FoundRows } from './found-rows.ts';
import type { CellValue } from './record.ts';
import type { DedupeFound, LossSpan } from '../healing.messages.ts';
import type { SalvageTarget } from './salvage-target.ts';
import { skippedNumbers } from './skipped-numbers.ts';
import type { TableName } from './row-shapes.ts';

const ID_BYTES = 16;
const EVENT_COLUMNS = FILE_EVENT_COLUMNS.split(', ');

/** Losses that an earlier healing has named. */
export function knownLosses(found: FoundRows): Map<number, { kind: LossKind; foundMs: number }> {
  const known = new Map<number, { kind: LossKind; foundMs: number }>();
  for (const { values } of found.all('lost_blocks')) {
    const [block, kind, foundMs, sum] = values as number[];
    if (rowSum(block!, kind!, foundMs!) !== sum) continue;
    if (Object.values(LOSSES).includes(kind as LossKind))
      known.set(block!, { kind: kind as LossKind, foundMs: foundMs! });
  }
  return known;
}

/** Tables of ledger.db that only tell repeated messages from new ones. */
export function takeDedupe(found: FoundRows, target: SalvageTarget): DedupeFound {
  const producers = highest(found, 'producers', 1, ([id, sequence, atMs]) =>
    rowSum(id as string, sequence as number, atMs as number),
  );
  for (const values of producers) target.insert('producers', values);
  return {
    producers: producers.length,
    rootSequences: takeRootSequences(found, target),
    ...takeRecentIds(found, target),
    recentRequests: 0,
  };
}

/** An older one than the last would keep batches out that follow the last: then none is known. */
function takeRootSequences(found: FoundRows, target: SalvageTarget): number {
  const known = new Map<number, number>();
  for (const { values, isCurrent, isClean } of found.all('root_sequences')) {
    const [root, sequence, sum] = values as number[];
    if (isCurrent && isClean && rowSum(root!, sequence!) === sum) known.set(root!, sequence!);
  }
  const roots = target.database.prepare('SELECT root_id FROM roots').pluck().all() as number[];
  for (const root of roots) {
    const sequence = known.get(root) ?? UNKNOWN_SEQUENCE;
    target.insert('root_sequences', [root, sequence, rowSum(root, sequence)]);
  }
  return roots.filter((root) => known.has(root)).length;
}

function takeRecentIds(found: FoundRows, target: SalvageTarget) {
  const rows = new Map<number, CellValue[]>();
  for (const { values } of found.all('recent_ids')) {
    const [n, ids, sum] = values;
    if (!isCount(n) || !(ids instanceof Buffer) || ids.length % ID_BYTES !== 0) continue;
    if (rowSum(n, ids) === sum) rows.set(n, values);
  }
  let recentIds = 0;
  let recentIdsMissing = 0;
  let next: number | undefined;
  for (const [n, values] of [...rows].sort(([one], [other]) => one - other)) {
    if (n < (next ?? 0)) continue;
    target.insert('recent_ids', values);
    const count = (values[1] as Buffer).length / ID_BYTES;
    recentIdsMissing += next === undefined ? 0 : n - next;
    recentIds += count;
    next = n + count;
  }
  return { recentIds, recentIdsMissing };
}

export function takeRequests(found: FoundRows, target: SalvageTarget): DedupeFound {
  const rows = new Map<string, CellValue[]>();
  for (const { values } of found.all('recent_requests')) {
    const [n, id, answer, sum] = values;
    if (!isCount(n) || rowSum(id as string, answer as string) !== sum) continue;
    rows.set(id as string, values);
  }
  const taken = new Set<number>();
  for (const values of rows.values()) {
    if (taken.has(values[0] as number)) continue;
    taken.add(values[0] as number);
    target.insert('recent_requests', values);
  }
  return {
    producers: 0,
    recentIds: 0,
    recentIdsMissing: 0,
    rootSequences: 0,
    recentRequests: taken.size,
  };
}

/** The rows whose sum holds, for each key the one with the highest value in a column. */
function highest(
  found: FoundRows,
  table: TableName,
  column: number,
  sumOf: (values: CellValue[]) => number,
): CellValue[][] {
  const rows = new Map<CellValue, CellValue[]>();
  for (const { values } of found.all(table)) {
    if (values.at(-1) !== sumOf(values)) continue;
    const before = rows.get(values[0]!);
    if (!before || Number(before[column]) < Number(values[column])) rows.set(values[0]!, values);
  }
  return [...rows.values()];
}

/**
 * The path index. With every event it is folded anew, for roots that had rows. Where events are gone it is what the
 * pages say; the next look at the disk corrects it, by events.
 */
export function* takePathIndex(
  found: FoundRows,
  target: SalvageTarget,
  { dataDir, losses }: { dataDir: string; losses: readonly LossSpan[] },
): Generator<void> {
  const rows = [...newestFiles(found)];
  const roots = new Set(rows.map(([root]) => Number(root)));
  const isWhole = !losses.some(
    ({ kind, ranges }) =>
      kind !== LOSSES.leaf &&
      (ranges.length === 0 || ranges.some(({ stream }) => stream === STREAMS.fileEvents)),
  );
  if (isWhole && (yield* fold(target, dataDir, roots))) return;
  target.database.exec('DELETE FROM files');
  for (const values of rows) target.insert('files', values);
}

/** False when not all events are left. */
function* fold(
  target: SalvageTarget,
  dataDir: string,
  roots: ReadonlySet<number>,
): Generator<void, boolean> {
  const { database } = target;
  const index = new FileIndex(database);
  const archive = new ArchivedBlocks(database, dataDir);
  const apply = (row: StoredRow) => {
    const root = Number(row['root_id']);
    if (roots.size === 0 || roots.has(root)) index.apply(root, eventRecordOf(row));
  };
  try {
    const archived = archive.fileEvents();
    for (let next = archived.next(); ; next = archived.next()) {
      if (next.done === true) {
        if (!next.value) return false;
        break;
      }
      apply(next.value);
      yield;
    }
    const select = database
      .prepare(
        `SELECT ${EVENT_COLUMNS.join(', ')} FROM file_events WHERE seq > ? ORDER BY seq LIMIT 500`,
      )
      .safeIntegers(true);
    for (let after = 0; ;) {
      const rows = select.all(after) as StoredRow[];
      if (rows.length === 0) return true;
      for (const row of rows) apply(row);
      after = Number(rows.at(-1)!['seq']);
      yield;
    }
  } catch (error) {
    if (error instanceof DamagedSegment) return false;
    throw error;
  } finally {
    archive.close();
  }
}

/** Rows of `files` where SQLite would have looked for them. */
function newestFiles(found: FoundRows): Iterable<CellValue[]> {
  const rows = new Map<string, CellValue[]>();
  for (const row of found.all('files')) {
    if (!row.isCurrent || !row.isClean) continue;
    const [root, path] = row.values;
    const key = Buffer.isBuffer(path) ? `b${path.toString('latin1')}` : `t${String(path)}`;
    rows.set(`${String(root)} ${key}`, row.values);
  }
  return rows.values();
}

/** Tables whose rows say at which revision they were changed last, and in which column. */
const REVISED = [
  { table: 'sessions', key: 'id', revisionAt: 10 },
  { table: 'monitored_paths', key: 'path', revisionAt: 6 },
] as const;

/** Sessions, watched paths and the revision. Where entries are gone, rows that say more than the rest are believed. */
export function takeStateTables(
  found: FoundRows,
  target: SalvageTarget,
  { hasLosses, hasSkipped }: { hasLosses: boolean; hasSkipped: boolean },
): void {
  const { database } = target;
  let revision = replayCoordination(database, database);
  for (const { table, key, revisionAt } of REVISED) {
    if (!hasLosses) continue;
    const known = database.prepare(`SELECT revision FROM ${table} WHERE ${key} = ?`).pluck();
    const remove = database.prepare(`DELETE FROM ${table} WHERE ${key} = ?`);
    for (const values of newest(found.all(table), revisionAt)) {
      const of = Number(values[revisionAt]);
      if (of <= ((known.get(values[0]) as number | undefined) ?? 0)) continue;
      remove.run(values[0]);
      target.insert(table, values);
      revision = Math.max(revision, of);
    }
  }
  for (const { values, isClean } of found.all('revision'))
    if (isClean && values[0] === 1 && isCount(values[1])) revision = Math.max(revision, values[1]);
  const skipped = hasSkipped ? skippedNumbers(STREAMS.coordination, 0) : 0;
  database.prepare('UPDATE revision SET value = ?').run(revision + skipped);
}

/** For each first column the row with the highest revision, of those in clean pages. */
function newest(rows: Iterable<FoundRow>, revisionAt: number): Iterable<CellValue[]> {
  const byKey = new Map<string, CellValue[]>();
  for (const { values, isClean } of rows) {
    if (!isClean) continue;
    const key = String(values[0]);
    if (!(Number(byKey.get(key)?.[revisionAt]) >= Number(values[revisionAt])))
      byKey.set(key, values);
  }
  return byKey.values();
}
