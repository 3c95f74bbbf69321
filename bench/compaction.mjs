// What clients notice of retention: one durable write at a time, then a client at full speed, on a quiet ledger and
// while old entries are archived and their rows removed beside it, in turns on the same daemon.
//   node bench/compaction.mjs [turns] [seconds] [writes]
import process from 'node:process';
import { MonitorClient } from '../dist/client/index.js';
import { percentile, rounded, startDaemon } from './daemon.mjs';
import { newEntry } from './entry.mjs';
import { startSaturating } from './ingest-latency.mjs';

const turns = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 5);
const writes = Number(process.argv[4] ?? 300);
const entry = newEntry();

// Everything is past the limit, and only a question starts a run.
Object.assign(process.env, {
  CODI_STORAGE_SIZE_LIMIT: '1MiB',
  CODI_STORAGE_SEGMENT_BYTES: '16MiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
});
const daemon = await startDaemon();
const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
const keeper = await MonitorClient.connect({
  socketPath: daemon.socketPath,
  requestTimeoutMs: 600_000,
});

/** One run of retention after the other, until told to stop. */
function keepArchiving() {
  let isOver = false;
  const archived = { entries: 0, segments: 0 };
  const run = async () => {
    while (!isOver) {
      const { entries, segments } = await keeper.request('CompactStore', {});
      archived.entries += entries;
      archived.segments += segments;
    }
  };
  const running = run();
  return async () => {
    isOver = true;
    await running;
    return archived;
  };
}

async function singleWrites() {
  const waits = [];
  for (let number = 0; number < writes; number++) {
    const sentAt = performance.now();
    await client.log(entry);
    waits.push(performance.now() - sentAt);
  }
  return waits;
}

async function fullSpeed() {
  const writer = startSaturating(daemon.socketPath);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = await writer.acked();
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const rate = ((await writer.acked()) - before) / ((performance.now() - startedAt) / 1_000);
  await writer.stop();
  return rate;
}

const quiet = { waits: [], rates: [] };
const beside = { waits: [], rates: [] };
const archived = { entries: 0, segments: 0 };
await keeper.request('CompactStore', {});
for (let turn = 0; turn < turns; turn++) {
  quiet.rates.push(await fullSpeed());
  quiet.waits.push(...(await singleWrites()));
  const stop = keepArchiving();
  beside.waits.push(...(await singleWrites()));
  beside.rates.push(await fullSpeed());
  const { entries, segments } = await stop();
  archived.entries += entries;
  archived.segments += segments;
}

const ms = (waits, share) => percentile(waits, share);
const rate = (rates) => percentile(rates, 0.5);
const count = (value) => Math.round(value).toLocaleString('en');
for (const [name, { waits, rates }] of Object.entries({ quiet, archiving: beside })) {
  const [p50, p99] = [0.5, 0.99].map((share) => rounded(ms(waits, share)));
  console.log(
    `${name.padEnd(9)}  one write p50 ${p50}, p99 ${p99} ms; ${count(rate(rates))} entries/s`,
  );
}
const ratio = (one, other) => rounded(one / other);
console.log(
  `ratio      p50 ${ratio(ms(beside.waits, 0.5), ms(quiet.waits, 0.5))}, ` +
    `p99 ${ratio(ms(beside.waits, 0.99), ms(quiet.waits, 0.99))}; ` +
    `entries/s ${ratio(rate(beside.rates), rate(quiet.rates))}`,
);
console.log(`archived   ${count(archived.entries)} entries in ${archived.segments} segments`);
await Promise.all([client.close(), keeper.close()]);
await daemon.stop();
