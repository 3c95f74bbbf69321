// The one addon that may have to be compiled, and its twin with a cipher for who wants that. npm may be told not to run install scripts, and a
// compiler may not like the folder's name, so there are three ways to get it.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { headerVariables } from './node-headers.mjs';
import { lastLines, runCommand, runNpm } from './run-command.mjs';
import { SetupError } from './terminal.mjs';
import { describeMissing, missingTools } from './toolchain.mjs';

/** What every checkout has. */
const SQLITE = 'better-sqlite3';
/** Of both packages. */
const BINARY = 'build/Release/better_sqlite3.node';
/** In a checkout and in the package: it says why. */
const HEADER = 'config/object-wrap.h';
/** Named by an addon that has the hooks of newer headers. */
const HOOK = 'RemoveEnvironmentCleanupHook';
const DOWNLOAD_LIMIT_MS = 90_000;

/** @param {string} root @param {string} name */
function packageFolder(root, name) {
  return join(root, 'node_modules', name);
}

/** Changes whenever the file does; '' when there is none. @param {string} root */
export function addonKey(root) {
  const stats = statSync(join(packageFolder(root, SQLITE), BINARY), { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.size} ${stats.mtimeMs} ${HEADER}`;
}

/**
 * Tried in a process of its own: a broken addon can take its process with it. One with the hooks of newer headers does so
 * later, at random (config/object-wrap.h).
 * @param {string} root @param {string} [name] of the package
 */
export async function addonLoads(root, name = SQLITE) {
  const binary = join(packageFolder(root, name), BINARY);
  if (existsSync(binary) && readFileSync(binary).includes(HOOK)) return false;
  const program = `const Database = require('${name}'); new Database(':memory:').close();`;
  const result = await runCommand(process.execPath, ['-e', program], { cwd: root });
  return result.code === 0;
}

/**
 * @param {string} root
 * @param {(pid: number) => void} onStart
 * @param {string} [name] of the package
 */
export async function makeAddon(root, onStart, name = SQLITE) {
  const folder = packageFolder(root, name);
  const missing = await missingTools(root);
  let log = '';
  if (missing.length === 0 && /^[\w./+-]+$/.test(root)) {
    log = (await runNpm(['rebuild', name], { cwd: root, env: buildEnv(root), onStart })).output;
    if (await addonLoads(root, name)) return;
  }
  log += await download(root, folder, onStart);
  if (await addonLoads(root, name)) return;
  if (missing.length > 0) throw new SetupError(describeMissing(missing));
  log += await compileAside(root, folder, onStart);
  if (await addonLoads(root, name)) return;
  throw new SetupError(`${name} could not be compiled; the log above says why`, lastLines(log, 40));
}

/**
 * Keeps what was compiled in `directory`, because an installation empties node_modules: a minute of compiling for
 * every dependency that changes elsewhere.
 * @param {string} root @param {string} directory @param {string} [name] of the package
 */
export function keepAddon(root, directory, name = SQLITE) {
  const binary = join(packageFolder(root, name), BINARY);
  const kept = keptPath(root, directory, name);
  if (kept === undefined || !existsSync(binary)) return;
  mkdirSync(directory, { recursive: true });
  cpSync(binary, `${kept}.next`, { preserveTimestamps: true });
  renameSync(`${kept}.next`, kept);
}

/** @param {string} root @param {string} directory @param {string} [name] of the package */
export function putBackAddon(root, directory, name = SQLITE) {
  const kept = keptPath(root, directory, name);
  if (kept === undefined || !existsSync(kept)) return;
  const binary = join(packageFolder(root, name), BINARY);
  mkdirSync(join(binary, '..'), { recursive: true });
  cpSync(kept, `${binary}.next`, { preserveTimestamps: true });
  renameSync(`${binary}.next`, binary);
}

/**
 * One for each release and each kind of Node; undefined when the package is not there.
 * @param {string} root @param {string} directory @param {string} name
 */
function keptPath(root, directory, name) {
  const description = join(packageFolder(root, name), 'package.json');
  if (!existsSync(description)) return undefined;
  const { version } = JSON.parse(readFileSync(description, 'utf8'));
  const { modules } = process.versions;
  return join(directory, [name, version, modules, process.platform, process.arch].join('-'));
}

/** @param {string} root where config/ is, in a path that a compiler likes */
function buildEnv(root) {
  const flags = [process.env['CXXFLAGS'], '-include', join(root, HEADER)];
  return {
    ...process.env,
    ...headerVariables(process.env, realpathSync(process.execPath)),
    CXXFLAGS: flags.filter((flag) => flag !== undefined).join(' '),
  };
}

/**
 * The ready-made binary for this Node, where the network allows.
 * @param {string} root @param {string} folder @param {(pid: number) => void} onStart
 */
async function download(root, folder, onStart) {
  const program = join(root, 'node_modules', 'prebuild-install', 'bin.js');
  const options = { cwd: folder, timeoutMs: DOWNLOAD_LIMIT_MS, onStart };
  return (await runCommand(process.execPath, [program], options)).output;
}

/**
 * Compiles a copy in a folder with a plain name, by a script of the package that npm runs because it
 * is asked to by name.
 * @param {string} root @param {string} folder @param {(pid: number) => void} onStart
 */
async function compileAside(root, folder, onStart) {
  const workshop = mkdtempSync(join(tmpdir(), 'codi-addon-'));
  try {
    cpSync(join(root, HEADER), join(workshop, HEADER));
    const copy = join(workshop, 'better-sqlite3');
    cpSync(folder, copy, {
      recursive: true,
      filter: (path) => !path.startsWith(join(folder, 'build')),
    });
    const { code, output } = await runNpm(['run', 'build-release'], {
      cwd: copy,
      env: buildEnv(workshop),
      onStart,
    });
    if (code === 0) {
      const target = join(folder, BINARY);
      mkdirSync(join(target, '..'), { recursive: true });
      cpSync(join(copy, BINARY), `${target}.next`);
      renameSync(`${target}.next`, target);
    }
    return output;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
