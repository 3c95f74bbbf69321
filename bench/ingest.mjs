// One client writes 250-byte entries over the Unix socket, each with a promise of its own that is kept after its
// commit, against raw better-sqlite3 inserting rows of the same columns in groups of the same size, in the same
// run; and how much CPU an entry costs in each thread.
//   node bench/ingest.mjs [seconds] [entry bytes]
import { readFileSync, readdirSync } from 'node:fs';
import { MonitorClient } from '../dist/client/index.js';
import { newEntry } from './entry.mjs';
import { rawSqlite } from './peers/sqlite.mjs';
import { rounded, startDaemon } from './daemon.mjs';

const TICK_MS = 10;
const seconds = Number(process.argv[2] ?? 10);
const bytes = Number(process.argv[3] ?? 250);
const entry = newEntry(bytes);

const daemon = await startDaemon();
const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
let acked = 0;
await write(1);
acked = 0;
const before = { daemon: cpuOf(daemon.pid), own: process.cpuUsage() };
const started = performance.now();
await write(seconds);
const elapsedMs = performance.now() - started;
const own = process.cpuUsage(before.own);
const after = cpuOf(daemon.pid);
const rssBytes = Number(readFileSync(`/proc/${daemon.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
await client.close();
await daemon.stop();
const rate = (acked / elapsedMs) * 1_000;
const raw = rawSqlite(seconds, entry, bytes);

console.log(
  `codi            ${count(rate)} entries/s of ${bytes} bytes acknowledged, ${rounded((rate * bytes) / 1e6)} MB/s, ${seconds} s, one client; RSS ${count(rssBytes / 1e6)} MB`,
);
console.log(`better-sqlite3  ${count(raw)} rows/s, same columns, indexes and group size`);
console.log(`ratio           ${rounded(rate / raw)}`);
console.log(
  `CPU of an entry, microseconds: the client ${perEntry((own.user + own.system) / 1_000)}`,
);
const threads = [...after].map(([tid, ms]) => ({ tid, ms: ms - (before.daemon.get(tid) ?? 0) }));
threads.sort((one, two) => two.ms - one.ms);
for (const { tid, ms } of threads) {
  if (ms < elapsedMs / 100) continue;
  console.log(`  daemon, ${tid === daemon.pid ? 'main thread' : `thread ${tid}`}  ${perEntry(ms)}`);
}

async function write(forSeconds) {
  const until = performance.now() + forSeconds * 1_000;
  while (performance.now() < until) {
    await client.room();
    for (let number = 0; number < 64; number++) void client.log(entry).then(() => acked++);
  }
  await client.flush();
}

/** Milliseconds of CPU of each thread of a process. */
function cpuOf(pid) {
  const threads = new Map();
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    threads.set(Number(tid), (Number(fields[11]) + Number(fields[12])) * TICK_MS);
  }
  return threads;
}

function perEntry(ms) {
  return rounded((ms * 1_000) / acked);
}

function count(value) {
  return Math.round(value).toLocaleString('en');
}
