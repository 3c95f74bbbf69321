// Ingest side by side in one run: the same Node client process, entries, connections and window, pipelined.
//   node bench/ingest-peers.mjs [seconds] [entry bytes] [connections,…]
// Peers that are not installed are named (Debian: redis-server, nats-server, rsyslog).
import { codi } from './peers/codi.mjs';
import { jetStream } from './peers/nats.mjs';
import { lockedFile } from './peers/locked-file.mjs';
import { jetStreamClient, redisClient } from './peers/npm-clients.mjs';
import { redis } from './peers/redis.mjs';
import { rsyslog } from './peers/rsyslog.mjs';
import { rawSqlite } from './peers/sqlite.mjs';
import { newEntry } from './entry.mjs';
import { load } from './load.mjs';
import { rounded } from './daemon.mjs';

const seconds = Number(process.argv[2] ?? 5);
const bytes = Number(process.argv[3] ?? 250);
const curve = (process.argv[4] ?? '1,4,16,64').split(',').map(Number);
const entry = newEntry(bytes);
const servers = [
  codi,
  redisClient('everysec'),
  redisClient('always'),
  jetStreamClient,
  redis('everysec'),
  redis('always'),
  jetStream,
  rsyslog,
];
const notRun = [];
const rows = [];

for (const server of servers) {
  const reason = server.missing?.();
  if (reason) {
    notRun.push(`${server.name} (${reason})`);
    continue;
  }
  const rates = [];
  let rssBytes = 0;
  for (const connections of server === rsyslog ? [1] : curve) {
    const running = await server.start();
    const result = await load(running, entry, { connections, seconds });
    await running.stop();
    rates.push(result.rate);
    rssBytes = Math.max(rssBytes, result.rssBytes);
  }
  const name = server.version ? `${server.name} (${server.version()})` : server.name;
  rows.push({ name, rates, promise: server.promise, rssBytes });
}
rows.push({
  name: 'raw better-sqlite3',
  rates: [rawSqlite(seconds, entry, bytes)],
  promise: 'fsync per group',
});
rows.push({
  name: 'five processes, one locked file',
  rates: [await lockedFile(seconds, bytes)],
  promise: 'no fsync',
});

const [ours] = rows;
console.log(
  `entries/s of ${bytes} bytes, ${seconds} s each; clients: ${curve.join(', ')}; codi against each with one client`,
);
for (const { name, rates, promise, rssBytes } of rows) {
  const shown = rates.map((rate) => Math.round(rate).toLocaleString('en').padStart(8)).join('');
  const megabytes = rounded((rates[0] * bytes) / 1e6);
  const ratio = rounded(ours.rates[0] / rates[0]);
  const rss = rssBytes ? `, RSS ${Math.round(rssBytes / 1e6)} MB` : '';
  console.log(
    `${name.padEnd(36)}${shown.padEnd(34)} ${ratio} x  ${megabytes} MB/s  ${promise}${rss}`,
  );
}
console.log(`not run: ${notRun.length}${notRun.length ? `, ${notRun.join(', ')}` : ''}`);
