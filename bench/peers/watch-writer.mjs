// The process that changes files while others watch: one workload, then its own account of it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Changes } from './watch-changes.mjs';
import { nowMs, pause, walkTree } from './watch-tree.mjs';

const TICK_MS = 5;
const REST_MS = 3_000;

/** One change every 100 ms on average, each with its times. */
async function sparse({ root, seed, count, intervalMs = 100 }) {
  const changes = new Changes(root, seed, REST_MS);
  const log = [];
  for (let number = 0; number < count; number++) {
    log.push(changes.next());
    await pause(intervalMs * (0.6 + 0.8 * ((number * 0.618_034) % 1)));
  }
  return { count, log };
}

/** So many changes a second; what a late tick missed is caught up. */
async function paced({ root, seed, rate, seconds }) {
  const changes = new Changes(root, seed);
  const startedAt = nowMs();
  let [count, elapsedMs] = [0, 0];
  while (elapsedMs < seconds * 1_000) {
    const due = Math.min(rate * seconds, Math.floor((elapsedMs / 1_000) * rate));
    for (; count < due; count++) changes.next();
    await pause(TICK_MS);
    elapsedMs = nowMs() - startedAt;
  }
  return { count, rate: count / (elapsedMs / 1_000) };
}

/** New files in directories that are there, as fast as they can be made. */
function burst({ root, count }) {
  const { directories } = walkTree(root);
  const startedAt = nowMs();
  for (let number = 0; number < count; number++)
    writeFileSync(join(directories[number % directories.length], `b${number}`), 'burst');
  return { count, seconds: (nowMs() - startedAt) / 1_000 };
}

/** Four new directories inside each other and a file in the deepest, at once. */
async function deep({ root, count }) {
  for (let number = 0; number < count; number++) {
    const path = join(root, `a${number}`, 'b', 'c', 'd');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'file'), 'deep');
    await pause(number % 3);
  }
  return { count };
}

const workloads = { sparse, paced, burst, deep };
const order = JSON.parse(process.argv[2]);
const result = await workloads[order.workload](order);
const { user, system } = process.cpuUsage();
process.send({ ...result, endedAt: nowMs(), cpuSeconds: (user + system) / 1e6 }, () =>
  process.disconnect(),
);
