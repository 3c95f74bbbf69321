// Makes a checkout ready to run: dependencies, the SQLite addon, the compiled code; only what is
// missing or out of date. Plain Node: nothing is installed when it runs for the first time.
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { addonKey, addonLoads, keepAddon, makeAddon, putBackAddon } from './setup/addon.mjs';
import { build } from './setup/build.mjs';
import { linkCommands } from './setup/command-links.mjs';
import { takeLock } from './setup/lock.mjs';
import { lastLines, runNpm } from './setup/run-command.mjs';
import { buildKey, dependencyKey, readStamp, removeStamp, writeStamp } from './setup/stamps.mjs';
import { reportFailure, SetupError, step } from './setup/terminal.mjs';
import { checkNode } from './setup/toolchain.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @typedef {import('./setup/lock.mjs').Lock} Lock */

/**
 * Returns at once (under 150 ms) when there is nothing to do. Not bundled: for whoever counts what ran of each module.
 * `beside`: more to be made, once the dependencies are there.
 * @param {{ root?: string, isBundled?: boolean, beside?: (lock: Lock) => Promise<void> }} [options]
 */
export async function setUp({ root = ROOT, isBundled = true, beside } = {}) {
  checkNode();
  if (openSteps(root, isBundled).length === 0 && beside === undefined) return;
  const release = holdSignals();
  const lock = await takeLock(join(root, '.tmp'));
  try {
    // Somebody else may have done it while we waited.
    if (openSteps(root, isBundled).includes('dependencies')) await installDependencies(root, lock);
    const open = openSteps(root, isBundled);
    // An addon is one large file for one processor.
    const works = [
      ...(open.includes('addon') ? [provideAddon(root, lock)] : []),
      ...(open.includes('build') ? [compile(root, isBundled, lock)] : []),
      ...(beside ? [beside(lock)] : []),
    ];
    for (const work of await Promise.allSettled(works))
      if (work.status === 'rejected') throw work.reason;
  } finally {
    lock.release();
    release();
  }
}

/** @param {string} root */
const stampsOf = (root) => ({
  dependencies: join(root, 'node_modules', '.codi-dependencies'),
  addon: join(root, 'node_modules', '.codi-addon'),
  build: join(root, 'dist', '.codi-build'),
});

/**
 * @param {string} root @param {boolean} isBundled
 * @returns {('dependencies' | 'addon' | 'build')[]}
 */
function openSteps(root, isBundled) {
  const stamps = stampsOf(root);
  const dependencies = dependencyKey(root);
  if (readStamp(stamps.dependencies) !== dependencies) return ['dependencies', 'addon', 'build'];
  /** @type {('addon' | 'build')[]} */
  const open = [];
  const isAddonReady = readStamp(stamps.addon) === `${dependencies} ${addonKey(root)}`;
  const isBuilt = readStamp(stamps.build) === `${dependencies} ${buildKey(root, isBundled)}`;
  if (!isAddonReady) open.push('addon');
  if (!isBuilt) open.push('build');
  return open;
}

/** @param {string} root @param {Lock} lock */
async function installDependencies(root, lock) {
  const stamp = stampsOf(root).dependencies;
  removeStamp(stamp);
  const key = dependencyKey(root);
  const addons = join(root, '.tmp', 'addons');
  keepAddon(root, addons);
  await step('installing dependencies', async () => {
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { code, output } = await runNpm(args, { cwd: root, onStart: lock.note });
    if (code === 127) {
      throw new SetupError('npm is not installed (Debian: apt-get install npm)');
    }
    if (code !== 0) {
      throw new SetupError('npm ci failed; its last lines stand above', lastLines(output, 20));
    }
  });
  putBackAddon(root, addons);
  writeStamp(stamp, key);
}

/** @param {string} root @param {Lock} lock */
async function provideAddon(root, lock) {
  if (!(await addonLoads(root))) {
    await step('preparing SQLite (compiled when there is no ready-made one, about a minute)', () =>
      makeAddon(root, lock.note),
    );
  }
  linkCommands(root);
  writeStamp(stampsOf(root).addon, `${dependencyKey(root)} ${addonKey(root)}`);
}

/** @param {string} root @param {boolean} isBundled @param {Lock} lock */
async function compile(root, isBundled, lock) {
  const stamp = stampsOf(root).build;
  removeStamp(stamp);
  const key = `${dependencyKey(root)} ${buildKey(root, isBundled)}`;
  await step('compiling', async () => {
    const { code, output } = await build(root, { isBundled, onStart: lock.note });
    if (code !== 0) {
      throw new SetupError('the code does not compile; see above', lastLines(output, 40));
    }
  });
  writeStamp(stamp, key);
}

/**
 * A Ctrl-C reaches the programs we started as well: they end, their step fails, we clean up.
 * @returns {() => void}
 */
function holdSignals() {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const onSignal = () => {
    process.exitCode = 130;
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
    if (process.exitCode === 130) process.exit(130);
  };
}

const isStarted =
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStarted) {
  try {
    await setUp();
  } catch (error) {
    reportFailure(error);
    process.exitCode = 1;
  }
}
