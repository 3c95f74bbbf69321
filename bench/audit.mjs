// What proof costs, and how far behind it is.
//   node bench/audit.mjs [seconds]
// 1. CPU of hashing blocks and of signing checkpoints, against the CPU of the commits they belong to.
// 2. How much was committed and not under a signed checkpoint yet when the daemon is killed: what may vanish
//    without being missed by anybody on this machine.
// 3. Checking: entries per second of a whole verify, time of one proof.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { encodeMessage } from '../dist/protocol/codec.js';
import { timestampFromMs } from '../dist/protocol/timestamp.js';
import { leafOf } from '../dist/workers/storage/block.js';
import { Notary } from '../dist/workers/storage/audit/notary.js';
import { FrameIds } from '../dist/workers/storage/frame-ids.js';
import { LedgerStore } from '../dist/workers/storage/ledger-store.js';
import { openForReading, openForWriting } from '../dist/workers/storage/open-database.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';

const seconds = Number(process.argv[2] ?? 10);
const message = 'm'.repeat(180);
const metadata = { user: 42, request: 'a1b2c3d4' };
const GROUP_ENTRIES = 1_000;
const GROUPS = 600;
const KILLS = 3;

/** CPU milliseconds that `work` takes in this process. */
function cpuMs(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** A commit group of entries of the benchmark's size, as the main thread hands it over. */
function group(batch) {
  const context = { connection: 1, format: 'msgpack', producerId: null, sessionId: null };
  const identity = { tenantId: null, userId: null, hasHello: true };
  const bodies = [];
  const frames = [];
  let offset = 0;
  for (let n = 0; n < GROUP_ENTRIES; n++) {
    const id = `00000000-0000-4000-8000-${(batch * GROUP_ENTRIES + n).toString(16).padStart(12, '0')}`;
    const payload = {
      kind: 'LogEntry',
      body: { level: 'Info', component: 'bench', message, metadata },
    };
    const body = encodeMessage({ id, timestamp: timestampFromMs(1), payload }, 'msgpack').subarray(
      4,
    );
    bodies.push(body);
    frames.push(0, offset, body.length);
    offset += body.length;
  }
  const bytes = new Uint8Array(Buffer.concat(bodies));
  const contexts = [{ ...context, ...identity }];
  return { type: 'entries', batch, bytes, frames: Int32Array.from(frames), contexts };
}

function cost() {
  const home = newHome();
  const database = openForWriting(join(home, 'ledger.db'), 'ledger');
  const ports = { frameIds: new FrameIds('bench'), now: () => timestampFromMs(1) };
  const store = new LedgerStore(database, { dataDir: home }, ports);
  const commits = new Int32Array(2);
  const options = { dataDir: home, commits, origin: 'bench.example' };
  const notary = new Notary(options, commits, { post: () => undefined, nowMs: () => Date.now() });
  let commitMs = 0;
  let notaryMs = 0;
  let bytes = 0;
  let lastSignedMs = Date.now();
  for (let batch = 0; batch < GROUPS; batch++) {
    const work = group(batch);
    commitMs += cpuMs(() => {
      const result = store.commit([work], Date.now());
      bytes += result.bytes;
    });
    commits[0] += 1;
    if (Date.now() - lastSignedMs < 1_000) continue;
    lastSignedMs = Date.now();
    notaryMs += cpuMs(() => notary.step());
  }
  const block = Buffer.alloc(bytes / GROUPS, 0x61);
  const hashMs = cpuMs(() => {
    for (let n = 0; n < GROUPS; n++) leafOf([block]);
  });
  notary.stop(Date.now() + 10_000);
  database.close();
  rmSync(home, { recursive: true, force: true });
  console.log(`commits         ${rounded(commitMs / GROUPS)} ms CPU for ${GROUP_ENTRIES} entries`);
  console.log(`hashing         ${rounded((100 * hashMs) / commitMs)} % of that`);
  console.log(`checkpoints     ${rounded((100 * notaryMs) / commitMs)} % of that, one a second`);
}

/** Kills the daemon while it is written to, and counts what was committed and not signed yet. */
async function killed(title, load) {
  const ages = [];
  const counts = [];
  for (let round = 0; round < KILLS; round++) {
    const daemon = await startDaemon();
    const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
    const loading = load(client, performance.now() + 60_000).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 3_000 + Math.random() * 1_000));
    const killedAtMs = Date.now();
    await daemon.kill();
    client.abort(new Error('the daemon was killed'));
    await loading;
    const dir = join(daemon.home, 'data');
    const note = readFileSync(join(dir, 'audit', 'ledger.checkpoint'), 'utf8');
    const database = openForReading(join(dir, 'ledger.db'), 'ledger');
    const { entries, firstMs } = database
      .prepare(
        'SELECT sum(entries) AS entries, min(committed_ms) AS firstMs FROM blocks WHERE n >= ?',
      )
      .get(Number(note.split('\n')[1]));
    database.close();
    rmSync(daemon.home, { recursive: true, force: true });
    ages.push(firstMs === null ? 0 : killedAtMs - firstMs);
    counts.push(entries ?? 0);
  }
  console.log(
    `${title.padEnd(15)} not signed: up to ${Math.max(...ages)} ms, ${Math.max(...counts)} entries`,
  );
}

async function flood(client, until) {
  while (performance.now() < until) {
    for (let number = 0; number < 256; number++) {
      await client.room();
      void client.log({ level: 'Info', component: 'bench', message, metadata });
    }
  }
  await client.flush();
}

async function trickle(client, until) {
  while (performance.now() < until) {
    await client.log({ level: 'Info', component: 'bench', message, metadata });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function checking() {
  const daemon = await startDaemon();
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  await flood(client, performance.now() + seconds * 1_000);
  const started = performance.now();
  let entries = 0;
  let cursor;
  do {
    const body = { database: 'ledger', ...(cursor && { cursor }) };
    const piece = await client.request('AuditVerify', body);
    if (piece.findings.length > 0) throw new Error(piece.findings[0].reason);
    entries += piece.entries;
    cursor = piece.next;
  } while (cursor);
  const rate = entries / ((performance.now() - started) / 1_000);
  const proofs = [];
  for (let n = 0; n < 50; n++) {
    const number = 1 + Math.floor((n / 50) * entries);
    const askedAt = performance.now();
    await client.request('AuditProve', { stream: 'log', number });
    proofs.push(performance.now() - askedAt);
  }
  await client.close();
  await daemon.stop();
  console.log(`verify          ${rounded(rate)} entries/s of ${rounded(entries)}, by one reader`);
  console.log(
    `prove           p50 ${rounded(percentile(proofs, 0.5))} ms, p99 ${rounded(percentile(proofs, 0.99))} ms`,
  );
}

cost();
await killed('one by one', trickle);
await killed('saturated', flood);
await checking();
