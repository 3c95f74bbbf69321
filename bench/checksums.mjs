// What checksums cost: how fast files that are there already are read, and how much later a sparse change is committed.
// Two daemons, with and without checksums, take turns in one run, so what else the machine does slows both.
//   node bench/checksums.mjs [changes] [MiB]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomFillSync } from 'node:crypto';
import { MonitorClient } from '../dist/client/index.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';

const changes = Number(process.argv[2] ?? 200);
const sizeMiB = Number(process.argv[3] ?? 256);
const CONTENT = Buffer.alloc(4_096, 'x');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const home = newHome();
const full = join(home, 'full');
mkdirSync(full);
const block = Buffer.alloc(1024 * 1024);
for (let n = 0; n < sizeMiB; n++) writeFileSync(join(full, `f${n}`), randomFillSync(block));

const side = async (name, roots, settings) => {
  const root = join(home, name);
  mkdirSync(root);
  const daemon = await startDaemon([root, ...roots], newHome(), settings);
  const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
  return { name, root, daemon, client, waits: [], onEvent: undefined };
};
const on = await side('on', [full], {
  CODI_MONITOR_CHECKSUM: 'sha256',
  CODI_MONITOR_CHECKSUM_RATE: '16GiB',
});
const startedAt = performance.now();
let known = 0;
while (known < sizeMiB) {
  const { files } = await on.client.request('ListFiles', { root: full, limit: 10_000 });
  known = files.filter(({ checksum }) => checksum != null).length;
  await pause(20);
}
const seconds = (performance.now() - startedAt) / 1_000;
console.log(
  `read            ${sizeMiB} MiB in ${rounded(seconds)} s after the start, ${rounded((sizeMiB * 1.048576) / seconds)} MB/s, until recorded`,
);

const off = await side('off', [], {});
const sides = [off, on];
for (const one of sides) one.client.follow({ streams: ['events'] }, () => one.onEvent?.());
await pause(1_000);
for (let n = 0; n < changes; n++) {
  for (const one of sides) {
    const seen = new Promise((resolve) => (one.onEvent = resolve));
    const at = performance.now();
    writeFileSync(join(one.root, `f${n}`), CONTENT);
    await seen;
    one.waits.push(performance.now() - at);
    await pause(60);
  }
}
for (const { name, waits } of sides)
  console.log(
    `checksums ${name.padEnd(5)} p50 ${rounded(percentile(waits, 0.5))} ms, p99 ${rounded(percentile(waits, 0.99))} ms from a change of 4 KiB to its commit`,
  );
const [plain, summed] = sides.map(({ waits }) => percentile(waits, 0.5));
console.log(`ratio of p50    ${rounded(summed / plain)}, ${rounded(summed - plain)} ms more`);
for (const { client, daemon } of sides) {
  await client.close();
  await daemon.stop();
}
rmSync(home, { recursive: true, force: true });
