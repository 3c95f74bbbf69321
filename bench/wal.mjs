// Whether the write-ahead log stays bounded: a saturating writer alone, beside two busy readers, and beside
// another program that keeps one read transaction open for some seconds.
//   node bench/wal.mjs [seconds]
import Database from 'better-sqlite3';
import { fork } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { newEntry } from './entry.mjs';
import { percentile, rounded, startDaemon } from './daemon.mjs';
import { startSaturating } from './ingest-latency.mjs';

const LONG_READ_MS = 5_000;

if (process.argv[2] === 'read') await holdRead(process.argv[3]);
else await measure(Number(process.argv[2] ?? 10));

async function measure(seconds) {
  const daemon = await startDaemon();
  const wal = join(daemon.home, 'data', 'ledger.db-wal');
  const writer = startSaturating(daemon.socketPath);
  const probe = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const entry = newEntry();

  const phase = async (name, beside) => {
    let isOver = false;
    let walBytes = 0;
    let rssBytes = 0;
    const waits = [];
    const sampler = setInterval(() => {
      walBytes = Math.max(walBytes, statSync(wal).size);
      const pages = Number(readFileSync(`/proc/${daemon.pid}/statm`, 'utf8').split(' ')[1]);
      rssBytes = Math.max(rssBytes, pages * 4096);
    }, 20);
    const ackedBefore = await writer.acked();
    const started = performance.now();
    const company = beside?.(() => isOver) ?? Promise.resolve([]);
    while (performance.now() - started < seconds * 1_000) {
      const sentAt = performance.now();
      await probe.log(entry);
      waits.push(performance.now() - sentAt);
    }
    isOver = true;
    const rate = ((await writer.acked()) - ackedBefore) / ((performance.now() - started) / 1_000);
    const notes = await company;
    clearInterval(sampler);
    const p99 = rounded(percentile(waits, 0.99));
    const most = rounded(Math.max(...waits));
    const shown = Math.round(rate).toLocaleString('en');
    console.log(
      `${name.padEnd(22)} WAL at most ${Math.round(walBytes / 1e6)} MB, ${shown} entries/s, single write p99 ${p99} ms, most ${most} ms, RSS ${Math.round(rssBytes / 1e6)} MB ${notes.join(', ')}`,
    );
  };

  await phase('writer alone');
  await phase('two busy readers', (isOver) =>
    Promise.all([reader(daemon, isOver), reader(daemon, isOver)]),
  );
  await phase(`a ${LONG_READ_MS / 1_000} s read`, () => longRead(daemon));
  await phase('writer alone again');
  await writer.stop();
  await probe.close();
  await daemon.stop();
}

/** Pages through the log without a pause. */
async function reader(daemon, isOver) {
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  let pages = 0;
  let cursor;
  while (!isOver()) {
    const page = await client.request('QueryLogs', {
      filter: {},
      limit: 1_000,
      ...(cursor && { cursor }),
    });
    cursor = page.next ?? undefined;
    pages++;
  }
  await client.close();
  return `${pages} pages`;
}

function longRead(daemon) {
  const path = join(daemon.home, 'data', 'ledger.db');
  const child = fork(new URL(import.meta.url), ['read', path]);
  return new Promise((resolve) => child.once('exit', () => resolve([])));
}

/** Another program that reads, and does not end its transaction. */
async function holdRead(path) {
  const database = new Database(path, { readonly: true });
  database.exec('BEGIN');
  database.prepare('SELECT count(*) FROM (SELECT 1 FROM logs LIMIT 1000)').get();
  await new Promise((resolve) => setTimeout(resolve, LONG_READ_MS));
  database.exec('COMMIT');
  database.close();
}
