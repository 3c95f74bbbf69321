// `npm run ciphers`: the optional package that encrypts a store, at the version that package.json names, for a
// checkout. `npm ci` takes it away again; a package of codi-monitor gets it by `npm install`.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { addonLoads, keepAddon, makeAddon, putBackAddon } from './setup/addon.mjs';
import { lastLines, runCommand, runNpm } from './setup/run-command.mjs';
import { reportFailure, say, SetupError, step } from './setup/terminal.mjs';
import { ROOT, setUp } from './setup.mjs';

const NAME = 'better-sqlite3-multiple-ciphers';
/** Of the package as it was looked at, in the words of a lockfile. */
const INTEGRITY =
  'sha512-pG72+3VkUipnmYx4LwQqoOXNG2CJ1HlmDrlvqgr7xQHgsE+cz5rAZEiaJHnUKTHaGfGifggA/C0Sv9qZlUrfow==';

/** @typedef {import('./setup/lock.mjs').Lock} Lock */

try {
  await setUp({ beside: provide });
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}

/** @param {Lock} lock */
async function provide(lock) {
  const version = versionIn(ROOT, ({ peerDependencies }) => peerDependencies?.[NAME]);
  const folder = join(ROOT, 'node_modules', NAME);
  if (versionIn(folder, (manifest) => manifest.version) !== version)
    await fetchInto(folder, version, lock);
  const addons = join(ROOT, '.tmp', 'addons');
  if (!(await addonLoads(ROOT, NAME))) putBackAddon(ROOT, addons, NAME);
  if (!(await addonLoads(ROOT, NAME))) {
    await step('preparing SQLite with ciphers (about a minute)', () =>
      makeAddon(ROOT, lock.note, NAME),
    );
  }
  keepAddon(ROOT, addons, NAME);
  say(`codi: ${NAME} ${version} is there`);
}

/**
 * @param {string} folder
 * @param {string | undefined} version
 * @param {Lock} lock
 */
async function fetchInto(folder, version, lock) {
  const workshop = mkdtempSync(join(ROOT, '.tmp', 'ciphers-'));
  try {
    const pack = ['pack', `${NAME}@${version}`, '--ignore-scripts'];
    const { code, output } = await runNpm(pack, { cwd: workshop, onStart: lock.note });
    const archive = readdirSync(workshop).find((name) => name.endsWith('.tgz'));
    if (code !== 0 || archive === undefined)
      throw new SetupError(`${NAME}@${version} cannot be had`, lastLines(output, 20));
    const hash = createHash('sha512').update(readFileSync(join(workshop, archive)));
    if (`sha512-${hash.digest('base64')}` !== INTEGRITY)
      throw new SetupError(`${NAME}@${version} is not the package that was looked at`);
    const unpacked = await runCommand('tar', ['-xzf', archive], { cwd: workshop });
    if (unpacked.code !== 0) throw new SetupError('tar failed', lastLines(unpacked.output, 20));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(ROOT, 'node_modules'), { recursive: true });
    renameSync(join(workshop, 'package'), folder);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {(manifest: { version?: string, peerDependencies?: Record<string, string> }) => string | undefined} pick
 */
function versionIn(folder, pick) {
  try {
    return pick(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  } catch {
    return undefined;
  }
}
