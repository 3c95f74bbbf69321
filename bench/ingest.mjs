// One client writes 250-byte entries over the Unix socket, each acknowledged after its commit, against raw
// better-sqlite3 inserting rows of the same columns in groups of the same size, in the same run.
//   node bench/ingest.mjs [seconds]
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { MonitorClient } from '../dist/client/index.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';

const seconds = Number(process.argv[2] ?? 10);
const message = 'm'.repeat(180);
const metadata = { user: 42, request: 'a1b2c3d4' };

async function codi() {
  const daemon = await startDaemon();
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const until = performance.now() + seconds * 1_000;
  let acked = 0;
  const started = performance.now();
  while (performance.now() < until) {
    for (let number = 0; number < 256; number++) {
      await client.room();
      void client.log({ level: 'Info', component: 'bench', message, metadata }).then(() => acked++);
    }
  }
  await client.flush();
  const rate = acked / ((performance.now() - started) / 1_000);

  const waits = [];
  for (let number = 0; number < 500; number++) {
    const sentAt = performance.now();
    await client.log({ level: 'Info', component: 'bench', message, metadata });
    waits.push(performance.now() - sentAt);
  }
  await client.close();
  await daemon.stop();
  return { rate, p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) };
}

function raw() {
  const home = newHome();
  const database = new Database(join(home, 'raw.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`
    CREATE TABLE logs(id INTEGER PRIMARY KEY, seconds INT, nanos INT, level INT, component TEXT, session_id TEXT,
      message TEXT, metadata TEXT, tenant_id TEXT, user_id TEXT, created_ms INT);
    CREATE INDEX logs_time ON logs(seconds, nanos);
    CREATE INDEX logs_session ON logs(session_id) WHERE session_id IS NOT NULL;`);
  const rowsPerInsert = 50;
  const row = '(?,?,?,?,?,?,?,?,?,?,?)';
  const insert = database.prepare(
    `INSERT INTO logs VALUES ${Array(rowsPerInsert).fill(row).join(',')}`,
  );
  const text = JSON.stringify(metadata);
  const rowsPerGroup = Math.floor((256 * 1024) / 250 / rowsPerInsert) * rowsPerInsert;
  let id = 0;
  const group = database.transaction(() => {
    for (let done = 0; done < rowsPerGroup; done += rowsPerInsert) {
      const values = [];
      for (let number = 0; number < rowsPerInsert; number++) {
        const now = Date.now();
        values.push(++id, Math.floor(now / 1_000), (now % 1_000) * 1e6, 2, 'bench', null);
        values.push(message, text, null, null, now);
      }
      insert.run(values);
    }
  });
  const started = performance.now();
  while (performance.now() - started < seconds * 1_000) group();
  const rate = id / ((performance.now() - started) / 1_000);
  database.close();
  rmSync(home, { recursive: true, force: true });
  return rate;
}

const ours = await codi();
const peer = raw();
console.log(
  `codi            ${rounded(ours.rate)} entries/s acknowledged, ${seconds} s, one client`,
);
console.log(`better-sqlite3  ${rounded(peer)} rows/s, same columns, indexes and group size`);
console.log(`ratio           ${rounded(ours.rate / peer)}`);
console.log(
  `single write    p50 ${rounded(ours.p50)} ms, p99 ${rounded(ours.p99)} ms, caller waiting`,
);
