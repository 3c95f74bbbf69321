import { estimateLogs } from '../estimate-logs.ts';
import type { LogFilter } from '../log-filter.ts';
import type { ReadConnection } from '../read-connection.ts';
import type { DamagedFile, Page } from '../reader.messages.ts';
import { rangeOf as timesOf } from '../time-key.ts';
import { idWalk } from '../walk-log-ids.ts';
import { walkNumbers } from '../walk-numbers.ts';
import { isKept } from './archived-blocks.ts';
import { DamagedSegment, type MemberIndex, type NumberRange } from './segment-format.ts';
import { readSegments } from './segment-table.ts';

/** Parts that are looked at for an estimate. */
const SAMPLE_PARTS = 3;

const COUNT = { what: 'count(*) AS found', behind: '', behindValues: () => [] };

/** Counts entries in the order of their ids, so that one that moves into a segment meanwhile is counted once. */
export function countById(
  connection: ReadConnection,
  filter: LogFilter,
  { after, through, budgetMs }: { after: number; through: number; budgetMs: number },
): { count: number; next: number | undefined; damaged: DamagedFile[] } {
  let count = 0;
  const look = idWalk<{ found: number }>(connection, filter, COUNT, (rows) => {
    for (const { found } of rows) count += found;
    return undefined;
  });
  const high = Math.min(through, filter.through_id ?? through);
  const span = { low: Math.max(after, filter.after_id ?? 0), high };
  const walk = { stream: 'logs' as const, isNewest: false, ...span, withArchive: true, look };
  const { low, damaged } = walkNumbers(connection, walk, performance.now() + budgetMs);
  return { count, next: low < high ? low : undefined, damaged };
}

/** About how many there are: few parts of segments speak for all of them. */
export function estimateWithArchive(
  connection: ReadConnection,
  filter: LogFilter,
): Pick<Page<never>, 'totalCount' | 'totalIs'> {
  const inTables = estimateLogs(connection, filter);
  const parts = partsIn(connection, filter);
  const sample = parts.filter((_, at) => isSampled(at, parts.length));
  let [looked, found] = [0, 0];
  const look = idWalk<{ found: number }>(connection, filter, COUNT, (rows) => {
    for (const row of rows) found += row.found;
    return undefined;
  });
  for (const { segment, member } of sample) {
    try {
      const [first, last] = member.logs!;
      look(connection.archive.tables(segment, member), first - 1, last);
      looked += last - first + 1;
    } catch (error) {
      // The listing itself names it.
      if (!(error instanceof DamagedSegment)) throw error;
    }
  }
  const all = parts.reduce((sum, { member }) => sum + lengthOf(member.logs), 0);
  const share = looked === 0 ? 0 : found / looked;
  const isExact = inTables.totalIs === 'exact' && parts.length === 0;
  return {
    totalCount: inTables.totalCount! + Math.round(all * share),
    totalIs: isExact ? 'exact' : 'estimate',
  };
}

function partsIn(connection: ReadConnection, filter: LogFilter) {
  const { lower, upper } = timesOf(filter);
  const isInside = (range: NumberRange) =>
    range !== null && range[1] >= lower[0] && range[0] <= upper[0];
  return connection
    .snapshot(readSegments)
    .filter(isKept)
    .filter(({ oldestSeconds: oldest, newestSeconds: newest }) => {
      return oldest !== null && newest !== null && isInside([oldest, newest]);
    })
    .flatMap((segment) => {
      const members = readable(() => connection.archive.members(segment));
      return members
        .filter(({ log_seconds: seconds }) => isInside(seconds))
        .map((member) => ({ segment, member }));
    });
}

function readable(members: () => readonly MemberIndex[]): readonly MemberIndex[] {
  try {
    return members();
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
    return [];
  }
}

/** Spread evenly, both ends among them. */
function isSampled(at: number, count: number): boolean {
  if (count <= SAMPLE_PARTS) return true;
  return at === 0 || at === count - 1 || at === count >> 1;
}

function lengthOf(range: NumberRange): number {
  return range === null ? 0 : range[1] - range[0] + 1;
}
