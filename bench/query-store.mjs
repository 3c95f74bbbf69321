// A ledger full of entries for the query benchmark: written by the parts of the ledger thread itself (rows,
// canonical bytes, blocks), without decoding messages.
import { join } from 'node:path';
import { BlockWriter } from '../dist/workers/storage/block.js';
import { STREAMS } from '../dist/workers/storage/codes.js';
import { LogStream } from '../dist/workers/storage/log-stream.js';
import { openForWriting } from '../dist/workers/storage/open-database.js';

const GROUP_ROWS = 1_000;
const DAY_MS = 86_400_000;
/** All entries lie in one day that ends here. */
export const END_MS = Date.UTC(2026, 0, 2);
export const START_MS = END_MS - DAY_MS;
export const COMPONENTS = 40;
export const SESSIONS = 500;

const WORDS =
  'request deploy cache queue worker socket retry build test merge branch index commit lock file'
    .split(' ')
    .concat(
      'session agent token schema page frame leaf block query reader writer hash export'.split(' '),
    );

/** The same numbers in every run (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Fills the ledger of a data directory. Levels: 1 % error, 4 % warn, 75 % info, the rest below. Components: some
 * speak often, some rarely. Six of ten entries have a session, which lives for a part of the day. One entry in a
 * hundred comes late, by up to a minute. One in a million says `needle`.
 */
export function fillStore(dataDir, count) {
  const database = openForWriting(join(dataDir, 'ledger.db'), 'ledger', {
    cacheBytes: 64 * 1024 * 1024,
  });
  const stream = new LogStream(database);
  const blocks = new BlockWriter(database);
  const next = random(42);
  const pick = (list) => list[Math.floor(next() * list.length)];
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  database.pragma('synchronous = OFF');
  database.pragma('wal_autocheckpoint = 4000');
  for (let id = 1, block = 0; id <= count; block += 1) {
    const first = id;
    begin.run();
    for (; id < first + GROUP_ROWS && id <= count; id += 1)
      stream.add(rowOf(id, count, next, pick));
    stream.flush();
    const committedMs = atMs(id - 1, count);
    const range = { stream: STREAMS.logs, first, last: id - 1 };
    blocks.append(block, Math.floor(committedMs), [range], [stream.canonical]);
    commit.run();
    stream.reset();
  }
  database.pragma('wal_checkpoint(TRUNCATE)');
  const pages = database.pragma('page_count', { simple: true });
  database.close();
  openForWriting(join(dataDir, 'state.db'), 'state').close();
  return { bytes: pages * 4096 };
}

function atMs(id, count) {
  return START_MS + (id / count) * DAY_MS * 0.9999;
}

function rowOf(id, count, next, pick) {
  const late = next() < 0.01 ? next() * 60_000 : 0;
  const ms = Math.max(START_MS, atMs(id, count) - late);
  const chance = next();
  const level = chance < 0.01 ? 4 : chance < 0.05 ? 3 : chance < 0.8 ? 2 : chance < 0.95 ? 1 : 0;
  // The lower the number, the more it speaks: component 0 a fifth of everything, 39 one in 2,500.
  const component = Math.floor(next() ** 3.2 * COMPONENTS);
  const session = Math.floor((id / count) * (SESSIONS - 10) + next() * 10);
  const words = Array.from({ length: 8 + Math.floor(next() * 12) }, () => pick(WORDS));
  if (id % 1_000_000 === 500_000) words.push('needle');
  return {
    id,
    seconds: Math.floor(ms / 1_000),
    nanos: Math.floor((ms % 1_000) * 1e6),
    level,
    component: `component-${component}`,
    session_id: next() < 0.6 ? `session-${session}` : null,
    message: `${words.join(' ')} in ${Math.floor(next() * 5_000)} ms`,
    metadata: JSON.stringify({
      user: Math.floor(next() * 10_000),
      request: { id: id % 100_000, ok: chance > 0.05 },
    }),
    tenant_id: null,
    user_id: null,
    created_ms: Math.floor(atMs(id, count)),
  };
}
