// What encryption at rest costs: an encrypted daemon and a plain one in turns, on stores with the same entries. Ingest
// is entries a second of one client, acknowledged; queries are first pages of 100 rows. CPU time is what other work on
// the machine moves least. Needs `npm run ciphers`.
//   node bench/encryption.mjs [rounds=5] [seconds of ingest a round=5] [entries to query=300000]
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MonitorClient } from '../dist/client/index.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';
import { newEntry } from './entry.mjs';
import { END_MS, fillStore, START_MS } from './query-store.mjs';

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 5);
const entries = Number(process.argv[4] ?? 300_000);
const KEY = 'a-key-for-the-benchmark-0123456789abcdef';
const PAGE_ROWS = 100;
const QUESTIONS = 200;
const TICK_MS = 10;
const MINUTE_MS = 60_000;
const CODI = fileURLToPath(new URL('../dist/cli/entry.js', import.meta.url));

process.env.CODI_HTTP_PORT = '0';
const loads = [loadavg()[0]];
await ingest();
await queries();
console.log(`load ${loads.map((load) => load.toFixed(1)).join(', ')}`);

/** Starts a daemon; the key is in its environment alone. */
async function start(isEncrypted, home) {
  if (isEncrypted) process.env.CODI_STORAGE_ENCRYPTION_KEY = KEY;
  try {
    return await startDaemon([], home);
  } finally {
    delete process.env.CODI_STORAGE_ENCRYPTION_KEY;
  }
}

async function ingest() {
  const ratios = { rate: [], cpu: [] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [false, true] : [true, false];
    const runs = new Map();
    for (const isEncrypted of order) runs.set(isEncrypted, await ingestOnce(isEncrypted));
    const [plain, encrypted] = [runs.get(false), runs.get(true)];
    ratios.rate.push(encrypted.rate / plain.rate);
    ratios.cpu.push(encrypted.cpu / plain.cpu);
    console.log(
      `ingest   plain ${count(plain.rate)} entries/s, ${rounded(plain.cpu)} us CPU each; encrypted ${count(encrypted.rate)}, ${rounded(encrypted.cpu)} us`,
    );
  }
  loads.push(loadavg()[0]);
  console.log(
    `ingest   median of ${rounds} paired ratios: rate ${rounded(percentile(ratios.rate, 0.5))}, CPU of the daemon for an entry ${rounded(percentile(ratios.cpu, 0.5))}\n`,
  );
}

async function ingestOnce(isEncrypted) {
  const daemon = await start(isEncrypted);
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  const entry = newEntry(250);
  let acked = 0;
  const write = async (forSeconds) => {
    const until = performance.now() + forSeconds * 1_000;
    while (performance.now() < until) {
      await client.room();
      for (let number = 0; number < 64; number++) void client.log(entry).then(() => acked++);
    }
    await client.flush();
  };
  await write(1);
  acked = 0;
  const started = performance.now();
  const before = cpuMs(daemon.pid);
  await write(seconds);
  const rate = (acked / (performance.now() - started)) * 1_000;
  const cpu = ((cpuMs(daemon.pid) - before) * 1_000) / acked;
  await client.close();
  await daemon.stop();
  return { rate, cpu };
}

/** CPU time of a process with all its threads. */
function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function queries() {
  const home = newHome();
  const plain = join(home, 'plain');
  const encrypted = join(home, 'encrypted');
  mkdirSync(join(plain, 'data'), { recursive: true, mode: 0o700 });
  fillStore(join(plain, 'data'), entries);
  cpSync(plain, encrypted, { recursive: true });
  const started = performance.now();
  execFileSync(process.execPath, [CODI, '--data-dir', join(encrypted, 'data'), 'store', 'rekey'], {
    env: { ...process.env, CODI_STORAGE_ENCRYPTION_KEY: KEY },
  });
  console.log(
    `rekey    ${count(entries)} entries in ${rounded((performance.now() - started) / 1_000)} s`,
  );
  const daemons = [await start(false, plain), await start(true, encrypted)];
  const clients = [];
  for (const { socketPath } of daemons) clients.push(await MonitorClient.connect({ socketPath }));
  const both = daemons.map(({ pid }, at) => ({ pid, client: clients[at] }));
  await compare(both, 'a minute of time', () => range(MINUTE_MS));
  await compare(both, 'errors within an hour', () => ({
    ...range(60 * MINUTE_MS),
    level: 'Error',
  }));
  await compare(both, 'a rare component, all time', () => ({ component: 'component-39' }));
  for (const client of clients) await client.close();
  for (const daemon of daemons) await daemon.stop({ keep: true });
  rmSync(home, { recursive: true, force: true });
  loads.push(loadavg()[0]);
}

/** The same question to both, in turns. */
async function compare(both, title, filterOf) {
  const waits = [[], []];
  const cpu = [0, 0];
  for (let round = 0; round < QUESTIONS; round++) {
    const filter = filterOf();
    for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const { pid, client } = both[at];
      const before = cpuMs(pid);
      const asked = performance.now();
      await client.request('QueryLogs', { filter, limit: PAGE_ROWS, count: 'none' });
      waits[at].push(performance.now() - asked);
      cpu[at] += cpuMs(pid) - before;
    }
  }
  const ratios = waits[1].map((wait, at) => wait / waits[0][at]);
  const [plain, encrypted] = waits.map((all) => rounded(percentile(all, 0.5)));
  console.log(
    `${title.padEnd(28)} p50 plain ${plain} ms, encrypted ${encrypted} ms; paired ratios: time ${rounded(percentile(ratios, 0.5))}, CPU ${rounded(cpu[1] / cpu[0])}`,
  );
}

function range(spanMs) {
  const from = START_MS + Math.random() * (END_MS - START_MS - spanMs);
  const time = (ms) => new Date(Math.floor(ms)).toISOString();
  return { since: time(from), until: time(from + spanMs) };
}

function count(value) {
  return Math.round(value).toLocaleString('en');
}
