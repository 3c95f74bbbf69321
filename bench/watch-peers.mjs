// Watchers beside each other in one run: the same seeded changes, the disk as the oracle, loss beside speed.
//   node bench/watch-peers.mjs [--quick] [--json] [--seed 1] [--only codi-fs,parcel,…] [--work sparse,rate,…]
// Debian: apt-get install watchman inotify-tools. chokidar is got with npm, into a temporary folder.
import { rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { newHome } from './daemon.mjs';
import { install } from './peers/watch-chokidar.mjs';
import { recovery } from './peers/watch-recovery.mjs';
import { report } from './peers/watch-report.mjs';
import { growTree } from './peers/watch-tree.mjs';
import { burst, deep, rate, ready, sparse } from './peers/watch-workloads.mjs';
import { watchers } from './peers/watchers.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: Object.keys(watchers).join(',') },
    work: { type: 'string', default: 'sparse,storm,rate,burst,deep,ready,recovery' },
  },
});
const sizes = options.quick
  ? { sparse: 60, rate: 10_000, seconds: 5, burst: 5_000, deep: 50, files: 10_000 }
  : { sparse: 300, rate: 10_000, seconds: 30, burst: 50_000, deep: 300, files: 100_000 };
const work = options.work.split(',');
const seed = Number(options.seed);

const modules = newHome();
const large = newHome();
const results = { sizes, seed, cores: cpus().length, loadBefore: loadavg()[0], watchers: {} };
const notRun = [];
const isNpmThere = options.only.split(',').includes('chokidar') && install(modules);
if (work.includes('ready') || work.includes('recovery'))
  growTree(large, { directories: sizes.files / 10, files: sizes.files });

const runs = {
  sparse: (context) => sparse(context, { count: sizes.sparse }),
  storm: (context) => sparse(context, { count: sizes.sparse, stormRate: sizes.rate }),
  rate: (context) => rate(context, { rate: sizes.rate, seconds: sizes.seconds }),
  burst: (context) => burst(context, { count: sizes.burst }),
  deep: (context) => deep(context, { count: sizes.deep }),
  ready: (context) => ready(context, { root: large }),
  recovery: ({ hintSource }) => hintSource && recovery(hintSource, large),
};

for (const name of options.only.split(',')) {
  const { title, missing, needsModules, hintSource } = watchers[name];
  const reason = missing?.() ?? (needsModules && !isNpmThere ? 'npm could not get it' : undefined);
  if (reason) {
    notRun.push(`${title} (${reason})`);
    continue;
  }
  const found = (results.watchers[name] = { title });
  for (const workload of work) {
    const home = newHome();
    const context = { seed, hintSource, order: { watcher: name, home, modules } };
    process.stderr.write(`${title}: ${workload}\n`);
    try {
      found[workload] = (await runs[workload](context)) || undefined;
    } catch (error) {
      notRun.push(`${title}: ${workload} (${error.message})`);
    }
    found.version ??= context.version;
    rmSync(home, { recursive: true, force: true });
  }
}
for (const folder of [modules, large]) rmSync(folder, { recursive: true, force: true });
results.loadAfter = loadavg()[0];
results.notRun = notRun;
console.log(options.json ? JSON.stringify(results, null, 2) : report(results));
