// What is asked of a ledger is answered the same wherever retention has put its entries, also while it moves them.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetentionRunPorts } from '#codi/actors/storage/retention-ports.js';
import { RetentionRun } from '#codi/actors/storage/retention-run.js';
import { LEVELS } from '#codi/protocol/kinds.js';
import { queryEvents } from '#codi/workers/storage/query-events.js';
import { queryLogs } from '#codi/workers/storage/query-logs.js';
import { ReadConnection } from '#codi/workers/storage/read-connection.js';
import type { Page } from '#codi/workers/storage/reader.messages.js';
import { ArchiveWorld, DAY_MS } from '../support/archive-world.ts';
import { context, entriesMessage } from '../support/ledger-thread.ts';

/** Enough blocks that retention may move most of them: it leaves sixteen. */
const BLOCKS = 44;
const SPAN_SECONDS = 60;
const START_MS = Date.parse('2025-01-01T00:00:00Z');

const entry = fc.record({
  // Few different times, so that ids decide; some far away, so that every part of a segment may hold the next one.
  second: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: SPAN_SECONDS }) },
    { weight: 1, arbitrary: fc.constantFrom(-100_000, 100_000) },
  ),
  level: fc.constantFrom(...LEVELS),
  component: fc.constantFrom('api', 'api/web', 'db'),
  session: fc.constantFrom(null, 'ana', 'ben'),
  word: fc.constantFrom('alpha', 'BETA', 'häi'),
  user: fc.constantFrom(1, 2),
});
type Entry = typeof entry extends fc.Arbitrary<infer Value> ? Value : never;

const filter = fc.record(
  {
    since: fc.integer({ min: -5, max: SPAN_SECONDS }).map(timeOf),
    until: fc.integer({ min: 0, max: SPAN_SECONDS + 5 }).map(timeOf),
    level: fc.constantFrom(...LEVELS),
    component: fc.constantFrom('api', 'db'),
    component_prefix: fc.constantFrom('ap', 'x'),
    session_id: fc.constantFrom('ana', 'ben'),
    text: fc.constantFrom('ALPHA', 'hä', 'beta'),
    metadata: fc.constantFrom({ user: '1' }, { user: 2 }),
  },
  { requiredKeys: [] },
);
type Filter = typeof filter extends fc.Arbitrary<infer Value> ? Value : never;

interface Archiving {
  kept: number;
  changes: number;
}

const plan = fc.record({
  blocks: fc.array(fc.array(entry, { minLength: 1, maxLength: 8 }), {
    minLength: BLOCKS,
    maxLength: BLOCKS,
  }),
  /** How many blocks retention means to leave before the first page and after each one, and when it is killed. */
  archivings: fc
    .array(
      fc.record({
        kept: fc.integer({ min: 1, max: BLOCKS }),
        changes: fc.constantFrom(1, 2, 3, 5, 1_000),
      }),
      {
        minLength: 1,
        maxLength: 8,
      },
    )
    .map((all) => all.toSorted((left, right) => right.kept - left.kept)),
  filter,
  order: fc.constantFrom('newest' as const, 'oldest' as const),
  limit: fc.constantFrom(2, 20, 200),
  budgetMs: fc.constantFrom(0, 200),
});

function timeOf(second: number): string {
  return new Date(START_MS + second * 1000).toISOString();
}

/** A block of log entries a day, with file events when they are wanted. */
function fill(world: ArchiveWorld, blocks: readonly (readonly Entry[])[], hasEvents = false): void {
  for (const [at, block] of blocks.entries()) {
    const age = BLOCKS - at;
    const entries = block.map(({ second, session, word, user, ...rest }) => ({
      ...rest,
      message: `${word} of block ${at}`,
      timestamp: timeOf(second),
      session_id: session,
      metadata: { user },
    }));
    const message = { id: randomUUID(), timestamp: timeOf(0), payload: { LogBatch: { entries } } };
    const frame = [context({ format: 'json' }), Buffer.from(JSON.stringify(message))] as const;
    world.ledger.store.commit([entriesMessage(at + 1, [frame])], world.nowMs - age * DAY_MS);
    if (hasEvents) world.commit(age, { logs: 0, events: 1 + (at % 3) });
  }
}

/** The oracle: the entry as it was written, in the order of its time. */
function expected(
  blocks: readonly (readonly Entry[])[],
  filter: Filter,
  isNewest: boolean,
): string[] {
  const { since, until, level, component, component_prefix: prefix, text, metadata } = filter;
  const rows = blocks.flatMap((entries, block) => entries.map((one) => ({ ...one, block })));
  const sorted = rows
    .map((row, index) => ({ ...row, id: index + 1, ms: START_MS + row.second * 1000 }))
    .filter(
      (row) =>
        (since === undefined || row.ms >= Date.parse(since)) &&
        (until === undefined || row.ms < Date.parse(until)) &&
        (level === undefined || LEVELS.indexOf(row.level) >= LEVELS.indexOf(level)) &&
        (component === undefined || row.component === component) &&
        (prefix === undefined || row.component.startsWith(prefix)) &&
        (filter.session_id === undefined || row.session === filter.session_id) &&
        (text === undefined || row.word.toLowerCase().includes(text.toLowerCase())) &&
        (metadata === undefined || String(row.user) === String(metadata.user)),
    )
    .toSorted((left, right) => left.ms - right.ms || left.id - right.id)
    .map(({ id, word, block }) => `${id} ${word} of block ${block}`);
  return isNewest ? sorted.toReversed() : sorted;
}

/** Moves all but so many of the newest blocks, as far as it comes: rows may stay behind in the tables. */
async function archive(world: ArchiveWorld, { kept, changes }: Archiving): Promise<void> {
  const ports = world.ports({ retentionDays: kept, segmentLimitBytes: 6_000 });
  let left = changes;
  const change: RetentionRunPorts['change'] = async (command) => {
    if (left-- <= 0) throw new Error('killed');
    return ports.change(command);
  };
  await new RetentionRun({ ...ports, change }).run('none').catch(() => undefined);
}

describe('a query with the archive', () => {
  it('gives each entry once and in order, wherever it is and while it moves', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ blocks, archivings, filter, order, limit, budgetMs }) => {
        const world = new ArchiveWorld();
        fill(world, blocks);
        const ahead = [...archivings];
        const found: string[] = [];
        let cursor: string | undefined;
        let pages = 0;
        do {
          const next = ahead.shift();
          if (next !== undefined) await archive(world, next);
          // A connection of its own for each page, as after a restart.
          const connection = new ReadConnection('ledger', { dataDir: world.dataDir, budgetMs });
          const body = { filter, limit, order, include_archived: true, cursor };
          const page = queryLogs(connection, body as never);
          connection.close();
          expect(page.damaged).toBeUndefined();
          expect(page.rows.length).toBeLessThanOrEqual(limit);
          found.push(...page.rows.map(({ id, message }) => `${id} ${message}`));
          cursor = page.next;
          pages += 1;
        } while (cursor !== undefined && pages < 2_000);
        expect(found).toEqual(expected(blocks, filter, order === 'newest'));
        world.close();
      }),
      { numRuns: 60 },
    );
  }, 180_000);

  it('by number and counted is as exact', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ blocks, archivings, filter, order, limit, budgetMs }) => {
        const world = new ArchiveWorld();
        fill(world, blocks, true);
        const events = Array.from(
          { length: world.numbers('file_events').length },
          (_, at) => at + 1,
        );
        const ahead = [...archivings];
        const connection = new ReadConnection('ledger', { dataDir: world.dataDir, budgetMs });
        const all = async (ask: (cursor: string | undefined) => Page<object>) => {
          const rows: object[] = [];
          let total = 0;
          for (let cursor: string | undefined, isFirst = true; isFirst || cursor; isFirst = false) {
            const page = ask(cursor);
            rows.push(...page.rows);
            total += page.totalCount ?? 0;
            cursor = page.next;
            const next = ahead.shift();
            if (next !== undefined) await archive(world, next);
          }
          return { rows, total };
        };
        const asked = { filter, limit, include_archived: true };
        const wanted = expected(blocks, filter, false);
        const byId = wanted.map((text) => Number(text.split(' ')[0])).toSorted((a, b) => a - b);
        const ids = await all((cursor) =>
          queryLogs(connection, { ...asked, filter: { ...filter, after_id: 0 }, cursor } as never),
        );
        expect(ids.rows.map((row) => (row as { id: number }).id)).toEqual(byId);
        const counted = await all((cursor) =>
          queryLogs(connection, { ...asked, count: 'only', cursor } as never),
        );
        expect(counted.total).toBe(wanted.length);
        const listed = await all((cursor) =>
          queryEvents(connection, { ...asked, filter: {}, order, cursor } as never),
        );
        const seqs = listed.rows.map((row) => (row as { seq: number }).seq);
        expect(seqs).toEqual(order === 'newest' ? events.toReversed() : events);
        connection.close();
        world.close();
      }),
      { numRuns: 30 },
    );
  }, 180_000);
});
