// A watched folder of 100,000 files: time to be ready (first time and again), a full sync, memory, CPU while
// nothing happens, and the time from a sparse change to its commit.
//   node bench/watching.mjs [files] [idle seconds]
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MonitorClient } from '../dist/client/index.js';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';

const files = Number(process.argv[2] ?? 100_000);
const idleSeconds = Number(process.argv[3] ?? 30);
const home = newHome();
const root = join(home, 'root');
for (let directory = 0; directory < files / 10; directory++) {
  const path = join(root, `g${directory % 100}`, `d${directory}`);
  mkdirSync(path, { recursive: true });
  for (let file = 0; file < 10; file++) writeFileSync(join(path, `f${file}.txt`), 'x');
}

const family = (pid) => {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [String(pid), ...children];
};
const cpuSeconds = (pids) =>
  pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
const memoryMiB = (pids) =>
  pids.reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return sum + Number(/^Pss:\s+(\d+)/m.exec(text)[1]) / 1_024;
  }, 0);
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
