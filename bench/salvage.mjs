// What healing a large ledger costs: a store is filled, one page of its entries is overwritten, and a process of its
// own makes a new database from the old one. Prints entries, size, MB/s of the old file and the peak memory.
//   node bench/salvage.mjs [entries] [--encrypted]
import { fork } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useStoreKey } from '../dist/workers/storage/cipher/store-key.js';
import { salvage } from '../dist/workers/storage/salvage/salvage.js';
import { fillStore } from './query-store.mjs';

const KEY = Buffer.from('a-key-for-benchmarks-0123456789abcdef');
/** The first byte of a page with entries; with a key nothing tells them apart, and any page does. */
const TABLE_LEAF = 0x0d;
const isEncrypted = process.argv.includes('--encrypted');
if (isEncrypted) useStoreKey(KEY);

if (process.send) heal(process.argv[2]);
else await measure(Number(process.argv[2] ?? 2_500_000));

/** @param {number} entries */
async function measure(entries) {
  const dataDir = mkdtempSync(join(tmpdir(), 'codi-bench-'));
  try {
    fillStore(dataDir, entries);
    const path = join(dataDir, 'ledger.db');
    const { size } = statSync(path);
    const descriptor = openSync(path, 'r+');
    const page = Buffer.alloc(4_096);
    let at = Math.floor(size / 8_192) * 4_096;
    do at += readSync(descriptor, page, 0, 4_096, at);
    while (page[0] !== TABLE_LEAF && !isEncrypted);
    writeSync(descriptor, page.fill(0x5a), 0, 4_096, at - 4_096);
    closeSync(descriptor);
    const child = fork(fileURLToPath(import.meta.url), [
      dataDir,
      ...(isEncrypted ? ['--encrypted'] : []),
    ]);
    const found = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
    const megabytes = size / 1e6;
    process.stdout.write(
      `${JSON.stringify({ entries, megabytes: Math.round(megabytes), ...found, megabytesPerSecond: Math.round((megabytes / found.seconds) * 10) / 10 })}\n`,
    );
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** @param {string} dataDir */
function heal(dataDir) {
  const from = join(dataDir, 'ledger.db');
  const to = `${from}.salvaged`;
  const before = process.resourceUsage().maxRSS;
  const started = performance.now();
  const work = salvage({
    kind: 'ledger',
    dataDir,
    from,
    to,
    unproved: `${to}.unproved`,
    nowMs: Date.now(),
  });
  let scanSeconds = 0;
  let longestStepMs = 0;
  const next = () => {
    const beganMs = performance.now();
    const step = work.next();
    longestStepMs = Math.max(longestStepMs, performance.now() - beganMs);
    return step;
  };
  let step = next();
  for (; step.done !== true; step = next())
    if (step.value <= 0.3) scanSeconds = (performance.now() - started) / 1_000;
  const { lostBlocks, unproved, entries } = step.value;
  const seconds = (performance.now() - started) / 1_000;
  const { maxRSS } = process.resourceUsage();
  process.send?.({
    found: entries,
    lostBlocks,
    unproved,
    scanSeconds: Math.round(scanSeconds),
    seconds: Math.round(seconds * 10) / 10,
    longestStepMs: Math.round(longestStepMs),
    peakMegabytes: Math.round(maxRSS / 1024),
    beforeMegabytes: Math.round(before / 1024),
  });
}
