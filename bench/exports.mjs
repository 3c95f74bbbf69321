// From the close of an export to its event at a follower, and from then, less the time it has to stay the same, to its
// row: in a root by itself, and beside one in which files come, change and go.
//   node bench/exports.mjs [exports]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MonitorClient } from '../dist/client/index.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';

const count = Number(process.argv[2] ?? 100);
const SETTLE_MS = 200;
const LOOK_MS = 5;
const home = newHome();
const work = join(home, 'work');
const noise = join(home, 'noise');
for (const folder of [work, noise]) mkdirSync(folder);

/** About 2,500 changes a second. */
const STORM = `
  const { workerData: folder } = require('node:worker_threads');
  const { writeFileSync, rmSync } = require('node:fs');
  let round = 0;
  setInterval(() => {
    for (let at = 0; at < 50; at++) writeFileSync(folder + '/f' + at + '.tmp', String(round));
    if (++round % 5 === 0) for (let at = 0; at < 50; at += 2) rmSync(folder + '/f' + at + '.tmp');
  }, 20);`;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const daemon = await startDaemon([work, noise], newHome(), {
  CODI_EXPORTS_SETTLE: `${SETTLE_MS}ms`,
});
const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
const waiting = new Map();
const follow = client.follow({ streams: ['events'] }, ({ rows }) => {
  for (const { path } of rows) waiting.get(path)?.();
});
await pause(500);

async function archivedAt(path) {
  for (;;) {
    const { exports } = await client.request('QueryExports', { filter: { path }, limit: 1 });
    if (exports.length > 0) return performance.now();
    await pause(LOOK_MS);
  }
}

async function measure(title) {
  const seen = [];
  const archived = [];
  for (let number = 0; number < count; number++) {
    const name = `EXPORT-${title}-${number}.txt`;
    const found = new Promise((resolve) => waiting.set(name, () => resolve(performance.now())));
    writeFileSync(join(work, name), `${title} ${number} ${'x'.repeat(20_000)}`);
    const at = performance.now();
    seen.push((await found) - at);
    archived.push((await archivedAt(join(work, name))) - at - SETTLE_MS);
    waiting.delete(name);
  }
  const shown = (values, share) => `p${share * 100} ${rounded(percentile(values, share))} ms`;
  console.log(
    `${title.padEnd(8)} seen ${shown(seen, 0.5)}, ${shown(seen, 0.99)}; archived ${shown(archived, 0.5)}, ${shown(archived, 0.99)}`,
  );
}

await measure('quiet');
const storm = new Worker(STORM, { eval: true, workerData: noise });
await measure('storm');
await storm.terminate();
follow.stop();
await client.close();
await daemon.stop();
rmSync(home, { recursive: true, force: true });
