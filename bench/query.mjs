// Queries over a ledger of many entries, each page asked from the daemon over its socket, in turns with the same
// question to bare better-sqlite3 on the same file where that is a fair one.
//   node bench/query.mjs [entries=1000000] [rounds=200] [folder to keep the ledger in]
import Database from 'better-sqlite3';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { queryLogs } from '../dist/workers/storage/query-logs.js';
import { ReadConnection } from '../dist/workers/storage/read-connection.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';
import { COMPONENTS, END_MS, fillStore, SESSIONS, START_MS } from './query-store.mjs';

const entries = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 200);
const keptHome = process.argv[4];
const PAGE_ROWS = 100;
const HOUR_MS = 3_600_000;
/** Fewer rounds for what walks over the whole ledger. */
const SCAN_ROUNDS = 3;

let ended = 0;

const home = keptHome ?? newHome();
const dataDir = join(home, 'data');
if (!existsSync(join(dataDir, 'ledger.db'))) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const started = performance.now();
  const { bytes } = fillStore(dataDir, entries);
  const seconds = (performance.now() - started) / 1_000;
  console.log(`filled ${entries} entries, ${rounded(bytes / 1e6)} MB, in ${rounded(seconds)} s`);
}
process.env.CODI_STORAGE_FULL_TEXT = '1';
const daemon = await startDaemon([], home);
const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
const local = new ReadConnection('ledger', { dataDir });
const bare = new Database(join(dataDir, 'ledger.db'), { readonly: true });

const time = (ms) => new Date(Math.floor(ms)).toISOString();
const anyTime = (spanMs) => START_MS + Math.random() * (END_MS - START_MS - spanMs);
const range = (spanMs) => {
  const from = anyTime(spanMs);
  return { since: time(from), until: time(from + spanMs) };
};
const anySession = () => `session-${Math.floor(Math.random() * (SESSIONS - 10))}`;

await indexed();
console.log(`${entries} entries over 24 h; a page of ${PAGE_ROWS}, newest first\n`);
console.log(`${'query'.padEnd(48)} pages    p50 ms   p99 ms   rows     CPU p50  CPU p99`);
await measure('1 s of time', () => range(1_000));
await measure('1 min of time', () => range(60_000));
await measure('6 h of time', () => range(6 * HOUR_MS));
await measure('errors within 1 h', () => ({ ...range(HOUR_MS), level: 'Error' }));
await measure('warnings and errors, all time', () => ({ level: 'Warn' }));
await measure('info alone within 1 h', () => ({ ...range(HOUR_MS), levels: ['Info'] }));
await measure('a frequent component within 1 h', () => ({
  ...range(HOUR_MS),
  component: 'component-0',
}));
await measure('a rare component within 1 h', () => ({
  ...range(HOUR_MS),
  component: `component-${COMPONENTS - 1}`,
}));
await measure('a session', () => ({ session_id: anySession() }));
await measure('a frequent text within 1 h', () => ({ ...range(HOUR_MS), text: 'deploy cache' }));
await measure('metadata within 1 h', () => ({
  ...range(HOUR_MS),
  metadata: { 'request.ok': false },
}));
await measure('full text, frequent words, within 1 h', () => ({
  ...range(HOUR_MS),
  full_text: 'deploy cache',
}));
await measure('full text, frequent words, all time', () => ({ full_text: '"deploy cache"' }));
await measure('full text, a rare word, all time', () => ({ full_text: 'needle' }));

console.log(
  '\nto the end, page after page                      pages   s        rows     rows looked at/s',
);
await walk('a rare text, all time', { text: 'needle' });
await walk('one value of metadata, all time', { metadata: { user: 4242 } });
await walk('a rare component, all time', { component: `component-${COMPONENTS - 1}` });
await walk('an exact count of a component', { component: 'component-20' }, { count: 'only' });
await estimates();
await peer();

console.log(`reads that took longer than the limit and were ended: ${ended}`);

await client.close();
bare.close();
local.close();
await daemon.stop({ keep: true });
if (keptHome === undefined) rmSync(home, { recursive: true, force: true });

/** Waits until the full-text index is there; says how long and how large. */
async function indexed() {
  const started = performance.now();
  const before = sizeMb();
  for (;;) {
    try {
      await ask({ full_text: 'needle' });
      break;
    } catch (error) {
      if (error.code !== 'CODI_FULL_TEXT_BUILDING') throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
  const seconds = (performance.now() - started) / 1_000;
  console.log(
    `full-text index: ready after ${rounded(seconds)} s, ${rounded(sizeMb() - before)} MB beside ${rounded(before)} MB`,
  );
}

function sizeMb() {
  return (bare.pragma('page_count', { simple: true }) * 4096) / 1e6;
}

/** A page; a read that was ended for its length is asked again, as the command does, and counted. */
async function ask(filter, more = {}) {
  for (;;) {
    try {
      return await client.request('QueryLogs', {
        filter,
        limit: PAGE_ROWS,
        count: 'none',
        ...more,
      });
    } catch (error) {
      if (error.code !== 'CODI_TIMEOUT') throw error;
      ended += 1;
    }
  }
}

/** First pages of many such questions; a page that is short without being the last one is followed up. */
async function measure(title, filterOf) {
  const waits = [];
  const costs = [];
  let pages = 0;
  let rows = 0;
  for (let round = 0; round < rounds; round++) {
    const filter = filterOf();
    const startedAt = performance.now();
    let cursor;
    let found = 0;
    do {
      const answer = await ask(filter, cursor ? { cursor } : {});
      pages += 1;
      found += answer.entries.length;
      cursor = answer.next;
    } while (cursor && found < PAGE_ROWS);
    waits.push(performance.now() - startedAt);
    rows += found;
    costs.push(cpuMs(filter));
  }
  const shares = (values) => [percentile(values, 0.5), percentile(values, 0.99)];
  report(title, [pages / rounds, ...shares(waits), rows / rounds, ...shares(costs)]);
}

/** CPU time of the same question in this process: what a reader thread works, whatever else the machine does. */
function cpuMs(filter) {
  const before = process.cpuUsage();
  let cursor;
  let found = 0;
  do {
    const page = queryLogs(local, {
      filter,
      limit: PAGE_ROWS,
      count: 'none',
      ...(cursor && { cursor }),
    });
    found += page.rows.length;
    cursor = page.next;
  } while (cursor && found < PAGE_ROWS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function report(title, figures) {
  const columns = figures.map((value) => String(rounded(value)).padEnd(8));
  console.log(`${title.padEnd(48)} ${columns.join(' ').trimEnd()}`);
}

/** Everything that matches: what the daemon must look at is the whole ledger. */
async function walk(title, filter, more = {}) {
  const waits = [];
  let pages = 0;
  let rows = 0;
  for (let round = 0; round < SCAN_ROUNDS; round++) {
    const startedAt = performance.now();
    rows = 0;
    pages = 0;
    let cursor;
    do {
      const answer = await ask(filter, { limit: 1_000, ...more, ...(cursor && { cursor }) });
      rows += answer.total_count;
      pages += 1;
      cursor = answer.next;
    } while (cursor);
    waits.push((performance.now() - startedAt) / 1_000);
  }
  const seconds = percentile(waits, 0.5);
  report(title, [pages, seconds, rows, entries / seconds]);
}

async function estimates() {
  const filter = { component: 'component-20' };
  const exact = bare
    .prepare("SELECT count(*) FROM logs WHERE component = 'component-20'")
    .pluck()
    .get();
  const startedAt = performance.now();
  const { total_count: about } = await ask(filter, { limit: 1, count: 'estimate' });
  const ms = performance.now() - startedAt;
  console.log(`\nestimate of a component: ${about} of ${exact}, in ${rounded(ms)} ms`);
}

/** The floor: the same rows from the same file, read and made JSON in this process. */
async function peer() {
  const statement = bare.prepare(
    `SELECT * FROM logs WHERE (seconds, nanos) >= (?, 0) AND (seconds, nanos) < (?, 0)
     ORDER BY seconds DESC, nanos DESC, id DESC LIMIT ${PAGE_ROWS}`,
  );
  const ours = [];
  const theirs = [];
  for (let round = 0; round < rounds; round++) {
    const filter = range(60_000);
    let startedAt = performance.now();
    await ask(filter);
    ours.push(performance.now() - startedAt);
    startedAt = performance.now();
    const bounds = [filter.since, filter.until].map((text) => Math.floor(Date.parse(text) / 1_000));
    JSON.stringify(statement.all(...bounds));
    theirs.push(performance.now() - startedAt);
  }
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(ours, share));
  const [bare50, bare99] = [0.5, 0.99].map((share) => percentile(theirs, share));
  console.log(
    `1 min of time: codi p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms; bare better-sqlite3 in one process ` +
      `p50 ${rounded(bare50)} ms, p99 ${rounded(bare99)} ms; ratio of p50 ${rounded(p50 / bare50)}`,
  );
}
