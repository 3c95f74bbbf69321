import { CodiError } from '../../protocol/errors.ts';
import type { LogRow } from './canonical.ts';
import { STREAMS } from './codes.ts';
import { fullTextShare } from './full-text-index.ts';
import { fullTextExpression } from './full-text-words.ts';
import { streamEndSql } from './group-heads.ts';
import { residualConditions, type LogFilter } from './log-filter.ts';
import { LogSlices } from './log-slices.ts';
import type { ReadConnection } from './read-connection.ts';
import { SliceSize } from './slice-size.ts';
import { logColumns } from './stored-rows.ts';
import { IN_RANGE, keyOf, timeOrder, type TimeKey, type TimeRange } from './time-key.ts';

/** Up to so many hits are gathered and put in order of time. */
const FEW_HITS = 5_000;
/** Time is walked through for so long before it is looked whether there are few. */
const WALK_MS = 15;
const GATHER_MS = 80;
const FIRST_SPAN = 100_000;
const LAST_SPAN = 4_000_000;
/** Ids so close together are asked for in one go. */
const NEAR_IDS = 256;
/** A number comes as REAL from JavaScript, which FTS5 does not take as a bound: it would read the whole index. */
const HITS = `SELECT rowid FROM logs_fts WHERE logs_fts MATCH ?
  AND rowid BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER)`;

/** A condition on `logs` between two ids, which are its last two values. */
export const HITS_BETWEEN = `id IN (${HITS})`;

/** A condition on entries in small tables. */
export const ALL_HITS = 'id IN (SELECT rowid FROM logs_fts WHERE logs_fts MATCH ?)';
/** A condition on one entry, or on few. */
export const HITS_AMONG =
  'id IN (SELECT rowid FROM logs_fts WHERE logs_fts MATCH ? AND rowid = logs.id)';

/** An entry that was looked at; it has a row when it matches. */
export interface Candidate {
  key: TimeKey;
  row?: LogRow;
}

/**
 * The expression for a filter's words.
 *
 * @throws CodiError CODI_FULL_TEXT_OFF, CODI_FULL_TEXT_BUILDING; CODI_MESSAGE_INVALID
 */
export function hitsOf(connection: ReadConnection, words: string): string {
  const share = fullTextShare((sql) => connection.value<number>(sql));
  if (share === undefined) throw new CodiError('CODI_FULL_TEXT_OFF');
  if (share < 1)
    throw new CodiError('CODI_FULL_TEXT_BUILDING', { percent: Math.floor(share * 100) });
  return fullTextExpression(words);
}

/**
 * Entries that have the words and meet the other conditions, in order of time. A frequent word has hits near every
 * time: slices of time are asked for theirs. When that takes long the word is rare: then all its hits are gathered
 * from the index and sorted.
 */
export function* searchByTime(
  connection: ReadConnection,
  filter: LogFilter,
  order: { range: TimeRange; isNewest: boolean },
): Generator<Candidate> {
  const expression = hitsOf(connection, filter.full_text ?? '');
  const read = entryReader(connection, filter);
  const slices = new LogSlices(connection, filter, order);
  const inSlice = connection.prepare(`SELECT seconds, nanos, id ${slices.from} ${slices.order}`);
  const gatherAtMs = performance.now() + WALK_MS;
  let hasGathered = false;
  for (;;) {
    const { result, isLast } = slices.look(({ range }) => {
      const keys = (inSlice.all(...slices.valuesIn(range)) as LogRow[]).map(keyOf);
      const hits = hitsAmong(connection, expression, keys);
      return keys.filter(([, , id]) => hits.has(id));
    });
    for (const key of result) yield read(key);
    if (isLast) return;
    yield { key: order.isNewest ? slices.rest.upper : slices.rest.lower };
    if (hasGathered || performance.now() < gatherAtMs) continue;
    hasGathered = true;
    const few = fewHits(connection, expression);
    if (!few) continue;
    for (const key of keysIn(connection, few, { ...order, range: slices.rest })) yield read(key);
    return;
  }
}

/** The keys of these entries that lie in a range, in order of time. */
function keysIn(
  connection: ReadConnection,
  ids: readonly number[],
  { range, isNewest }: { range: TimeRange; isNewest: boolean },
): TimeKey[] {
  const statement = connection.prepare(
    `SELECT seconds, nanos, id FROM logs NOT INDEXED
     WHERE id IN (SELECT value FROM json_each(?)) AND ${IN_RANGE} ${timeOrder(isNewest)}`,
  );
  const rows = statement.all(JSON.stringify(ids), ...range.lower, ...range.upper) as LogRow[];
  return rows.map(keyOf);
}

function entryReader(connection: ReadConnection, filter: LogFilter): (key: TimeKey) => Candidate {
  const conditions = residualConditions(filter);
  if (filter.session_id != null) conditions.add('session_id = ?', filter.session_id);
  const statement = connection.prepare(
    `SELECT ${logColumns(connection)} FROM logs NOT INDEXED WHERE id = ?${conditions.andSql}`,
  );
  return (key) => {
    const row = statement.get(key[2], ...conditions.values) as LogRow | undefined;
    return row ? { key, row } : { key };
  };
}

/** The ids of all hits; undefined when there are many, or when looking for them takes long. */
function fewHits(connection: ReadConnection, expression: string): number[] | undefined {
  const statement = connection.prepare(`${HITS} LIMIT ?`).pluck();
  const deadlineMs = performance.now() + GATHER_MS;
  const size = new SliceSize(FIRST_SPAN);
  const head = connection.value<number>(streamEndSql(STREAMS.logs))!;
  const ids: number[] = [];
  for (let last = head; last > 0;) {
    const first = Math.max(1, last - size.rows + 1);
    const limit = FEW_HITS + 1 - ids.length;
    ids.push(
      ...size.measure(() => statement.all(expression, first, last, limit) as number[], LAST_SPAN),
    );
    last = first - 1;
    if (ids.length > FEW_HITS || (last > 0 && performance.now() >= deadlineMs)) return undefined;
  }
  return ids;
}

function hitsAmong(
  connection: ReadConnection,
  expression: string,
  keys: readonly TimeKey[],
): Set<number> {
  const statement = connection.prepare(HITS).pluck();
  const ids = keys.map(([, , id]) => id).sort((left, right) => left - right);
  const hits = new Set<number>();
  for (let from = 0, at = 0; at < ids.length; at++) {
    const isLast = at + 1 === ids.length;
    if (!isLast && ids[at + 1]! - ids[at]! <= NEAR_IDS) continue;
    for (const id of statement.all(expression, ids[from], ids[at]) as number[]) hits.add(id);
    from = at + 1;
  }
  return hits;
}
