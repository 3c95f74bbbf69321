// The workloads: each with a fresh tree, a fresh watcher and the disk as the oracle.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newHome, percentile } from '../daemon.mjs';
import { observe, write } from './watch-processes.mjs';
import { growTree, pause, walkTree } from './watch-tree.mjs';

const GRACE_MS = 60_000;
/** What is garbage is given back by then, by those that do. */
const REST_MS = 12_000;
const TREE = { directories: 100, files: 5_000 };
const SPARSE_TREE = { directories: 20, files: 400 };

/** Single changes, on a quiet machine or beside another root of the same watcher that takes a storm. */
export async function sparse(context, { count, stormRate }) {
  const trees = stormRate ? { sparse: SPARSE_TREE, storm: TREE } : { sparse: SPARSE_TREE };
  return inPlace(context, trees, { isLogged: true }, async ({ roots, observer }) => {
    const order = { workload: 'sparse', root: roots.sparse, seed: context.seed, count };
    const writers = [write(order)];
    if (stormRate) {
      const seconds = Math.ceil((count * 100) / 1_000);
      const storm = { workload: 'paced', root: roots.storm, seed: context.seed + 1 };
      writers.push(write({ ...storm, rate: stormRate, seconds }));
    }
    const [{ log: changes }, storm] = await Promise.all(writers);
    await observer.quiet(GRACE_MS);
    return { ...waitsOf(changes, (await observer.belief()).log), stormRate: storm?.rate };
  });
}

/** A rate that is kept up: what is lost, and what it costs. */
export async function rate(context, { rate: perSecond, seconds }) {
  return inPlace(context, { tree: TREE }, {}, async ({ roots, observer }) => {
    observer.beginMeasure();
    const order = { workload: 'paced', root: roots.tree, seed: context.seed };
    const done = await write({ ...order, rate: perSecond, seconds });
    const progress = await observer.quiet(GRACE_MS);
    const cpu = observer.endMeasure();
    return {
      rate: done.rate,
      changes: done.count,
      writerCpuSeconds: done.cpuSeconds,
      events: progress.events,
      cpuPerThousand: (cpu.watcher / done.count) * 1_000,
      cpuPerThousandWithObserver: (cpu.all / done.count) * 1_000,
      peakMiB: observer.peakMiB,
      ...(await lossOf(observer, roots.tree, done, progress)),
    };
  });
}

/** Many files at once. */
export async function burst(context, { count }) {
  return inPlace(context, { tree: { directories: 100, files: 100 } }, {}, async (place) => {
    const order = { workload: 'burst', root: place.roots.tree, count };
    return afterwards(place, await write(order));
  });
}

/** New directories inside new directories. */
export async function deep(context, { count }) {
  return inPlace(context, { tree: { directories: 1, files: 1 } }, {}, async (place) => {
    const order = { workload: 'deep', root: place.roots.tree, count };
    return afterwards(place, await write(order));
  });
}

/** Time until a large tree is watched, and the memory that it takes. */
export async function ready(context, { root }) {
  const observer = await observe({ ...context.order, roots: [root] });
  await pause(REST_MS);
  const result = { seconds: observer.readyMs / 1_000, memoryMiB: observer.memoryMiB() };
  await observer.stop();
  return result;
}

async function afterwards({ roots, observer }, done) {
  const progress = await observer.quiet(GRACE_MS);
  return {
    changes: done.count,
    writeSeconds: done.seconds,
    ...(await lossOf(observer, roots.tree, done, progress)),
  };
}

async function inPlace(context, trees, options, run) {
  const place = newHome();
  const roots = Object.fromEntries(Object.keys(trees).map((name) => [name, join(place, name)]));
  for (const [name, tree] of Object.entries(trees)) {
    mkdirSync(roots[name]);
    growTree(roots[name], tree);
  }
  const home = newHome();
  const order = { ...context.order, home, roots: Object.values(roots), ...options };
  const observer = await observe(order);
  context.version = observer.version;
  await observer.ask('learn');
  const result = await run({ roots, observer });
  await observer.stop();
  for (const folder of [place, home]) rmSync(folder, { recursive: true, force: true });
  return result;
}

/** What the observer does not know, knows wrongly, or takes to be there; and when its last change came. */
async function lossOf(observer, root, done, progress) {
  const { files } = walkTree(root);
  const loss = compare(files, (await observer.belief()).state);
  const exactSeconds =
    loss.lost === 0 ? Math.max(0, progress.lastChangeAt - done.endedAt) / 1_000 : null;
  return { ...loss, exactSeconds };
}

function compare(files, state) {
  const loss = { missing: 0, stale: 0, phantom: 0 };
  for (const [path, size] of files) {
    if (!state.has(path)) loss.missing += 1;
    else if (state.get(path) !== size) loss.stale += 1;
  }
  for (const path of state.keys()) if (!files.has(path)) loss.phantom += 1;
  return { ...loss, lost: loss.missing + loss.stale + loss.phantom };
}

/** From the return of each change to the first event of its path since it began. */
function waitsOf(changes, log) {
  const eventsOf = new Map();
  for (const [path, at] of log) eventsOf.set(path, [...(eventsOf.get(path) ?? []), at]);
  const waits = [];
  for (const [number, { path, startedAt, returnedAt }] of changes.entries()) {
    const next = changes.slice(number + 1).find((change) => change.path === path)?.startedAt;
    const at = eventsOf.get(path)?.find((time) => time >= startedAt);
    if (at !== undefined && at < (next ?? Infinity)) waits.push(Math.max(0, at - returnedAt));
  }
  return {
    changes: changes.length,
    lost: changes.length - waits.length,
    p50Ms: waits.length ? percentile(waits, 0.5) : null,
    p99Ms: waits.length ? percentile(waits, 0.99) : null,
    maxMs: waits.length ? Math.max(...waits) : null,
  };
}
