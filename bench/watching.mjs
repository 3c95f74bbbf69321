// A watched folder of 100,000 files: time to be ready (first time and again), a full sync, memory, CPU while
// nothing happens, and the time from a sparse change to its commit.
//   node bench/watching.mjs [files] [idle seconds]
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';
import { cpuSeconds, family, memoryMiB } from './process-family.mjs';

const files = Number(process.argv[2] ?? 100_000);
const idleSeconds = Number(process.argv[3] ?? 30);
const home = newHome();
const root = join(home, 'root');
for (let directory = 0; directory < files / 10; directory++) {
  const path = join(root, `g${directory % 100}`, `d${directory}`);
  mkdirSync(path, { recursive: true });
  for (let file = 0; file < 10; file++) writeFileSync(join(path, `f${file}.txt`), 'x');
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const data = newHome();
const first = await startDaemon([root], data);
console.log(
  `first start     ${rounded(first.readyMs / 1_000)} s to ready, ${files} files recorded`,
);
await first.stop({ keep: true });
const daemon = await startDaemon([root], data);
console.log(`second start    ${rounded(daemon.readyMs / 1_000)} s to ready`);
const client = await MonitorClient.connect({ socketPath: daemon.socketPath });
const synced = await client.request('Sync', {}, { timeoutMs: 60_000 });
console.log(`sync            ${rounded(synced.duration_ms)} ms for the whole folder`);

await pause(10_000);
const pids = family(daemon.pid);
const before = cpuSeconds(pids);
await pause(idleSeconds * 1_000);
const share = (cpuSeconds(pids) - before) / idleSeconds;
console.log(`idle            ${rounded(share * 100)} % CPU over ${idleSeconds} s`);
console.log(`memory          ${rounded(memoryMiB(pids))} MiB in ${pids.length} processes`);

const waits = [];
let onEvent;
const follow = client.follow({ streams: ['events'] }, () => onEvent?.());
await pause(500);
for (let number = 0; number < 200; number++) {
  const seen = new Promise((resolve) => (onEvent = resolve));
  const at = performance.now();
  writeFileSync(join(root, `g${number % 100}`, `sparse${number}`), 'x');
  await seen;
  waits.push(performance.now() - at);
  await pause(60);
}
follow.stop();
console.log(
  `sparse change   p50 ${rounded(percentile(waits, 0.5))} ms, p99 ${rounded(percentile(waits, 0.99))} ms to a follower, committed`,
);
await client.close();
await daemon.stop();
rmSync(home, { recursive: true, force: true });
