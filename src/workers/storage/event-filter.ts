import type { BodyOf } from '../../protocol/messages.ts';
import { codeOf, EVENTS, STREAMS } from './codes.ts';
import { assertGlob } from './path-glob.ts';
import { pathToValue, subtreeBounds } from './path-value.ts';
import type { ReadConnection } from './read-connection.ts';
import { placesOf, rootsOf, type KnownRoot } from './root-lookup.ts';
import { filterPath, filterTime } from './row-values.ts';
import { Conditions } from './sql-conditions.ts';

export type EventFilter = BodyOf<'QueryEvents'>['filter'];

const GLOB = /[*?[{]/;

/** What a file event must be, besides its place in the stream. */
export function eventConditions(connection: ReadConnection, filter: EventFilter): Conditions {
  const conditions = new Conditions();
  const { since, until, events, session_id: sessionId } = filter;
  if (since != null) addTime(conditions, '>=', since);
  if (until != null) addTime(conditions, '<', until);
  if (sessionId != null) conditions.add('session_id = ?', sessionId);
  if (events != null) {
    const codes = [...new Set(events)].map((event) => codeOf(EVENTS, event));
    conditions.add(`event IN (${codes.map(() => '?').join(', ')})`, ...codes);
  }
  if (filter.root == null && filter.path == null) return conditions;
  const roots = rootsOf(connection, filter.root);
  if (filter.path == null) conditions.add('root_id = ?', roots[0]!.rootId);
  else addPath(conditions, roots, filter.path);
  return conditions;
}

/**
 * The number of the last file event that was recorded before a time, and so is certainly before it. Blocks are never
 * older than their events and never go back in time, so the first block at or after the time bounds them.
 */
export function lastEventBefore(connection: ReadConnection, time: string): number {
  const { seconds, nanos } = filterTime(time);
  const atMs = seconds * 1000 + nanos / 1e6;
  const blockTime = connection.prepare('SELECT committed_ms FROM blocks WHERE n = ?');
  let low = 0;
  let high = connection.value<number>('SELECT coalesce(max(n) + 1, 0) FROM blocks') ?? 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = blockTime.get(middle) as { committed_ms: number } | undefined;
    if (row && row.committed_ms < atMs) low = middle + 1;
    else high = middle;
  }
  const sql = `SELECT last FROM block_ranges WHERE stream = ${STREAMS.fileEvents} AND block < ?
    ORDER BY block DESC LIMIT 1`;
  return connection.value<number>(sql, low) ?? 0;
}

function addTime(conditions: Conditions, comparison: '>=' | '<', time: string): void {
  const { seconds, nanos } = filterTime(time);
  conditions.add(`(seconds, nanos) ${comparison} (?, ?)`, seconds, nanos);
}

/** The path itself, everything below it, and what a pattern matches; a move counts with both its paths. */
function addPath(conditions: Conditions, roots: readonly KnownRoot[], text: string): void {
  const alternatives: string[] = [];
  const values: unknown[] = [];
  for (const { root, path } of placesOf(roots, filterPath(text))) {
    if (path === '') {
      alternatives.push('root_id = ?');
      values.push(root.rootId);
      continue;
    }
    for (const column of ['path', 'from_path']) {
      const { text: textBounds, blob } = subtreeBounds(path);
      const value = pathToValue(path);
      const bounds = textBounds ?? blob;
      alternatives.push(`root_id = ? AND (${column} = ? OR ${column} >= ? AND ${column} < ?
        OR ${column} >= ? AND ${column} < ?)`);
      values.push(root.rootId, value, bounds.from, bounds.below, blob.from, blob.below);
    }
  }
  if (GLOB.test(text)) addGlob(alternatives, values, roots, text);
  if (alternatives.length === 0) conditions.add('0');
  else conditions.add(`(${alternatives.map((sql) => `(${sql})`).join(' OR ')})`, ...values);
}

function addGlob(
  alternatives: string[],
  values: unknown[],
  roots: readonly KnownRoot[],
  pattern: string,
): void {
  assertGlob(pattern);
  const isAbsolute = pattern.startsWith('/');
  for (const { rootId, shown } of roots) {
    for (const column of ['path', 'from_path']) {
      const full = isAbsolute ? `? || '/' || ${column}` : column;
      alternatives.push(`root_id = ? AND matches_glob(?, ${full})`);
      values.push(rootId, pattern, ...(isAbsolute ? [shown.path] : []));
    }
  }
}
