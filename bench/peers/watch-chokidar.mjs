import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MAJORS = [6, 5, 4];

/** chokidar with its defaults. It is no dependency of codi: `install` gets it for the benchmark alone. */
export const chokidar = {
  title: 'chokidar',
  needsModules: true,
  async start({ roots, modules, look }) {
    const { watch } = await import(pathToFileURL(join(folderIn(modules), 'index.js')).href);
    const watching = watch(roots, { ignoreInitial: true });
    watching.on('all', (_event, path) => look(path));
    watching.on('error', (error) => console.error(`chokidar: ${error.message}`));
    await new Promise((resolve) => watching.once('ready', resolve));
    return {
      version: versionIn(modules),
      pids: () => [process.pid],
      stop: () => watching.close(),
    };
  },
};

/** Gets the newest chokidar that runs on this Node into a folder; false when there is none to be had. */
export function install(folder) {
  return MAJORS.some((major) => {
    const options = ['--prefix', folder, '--engine-strict', '--ignore-scripts', '--no-audit'];
    const npm = spawnSync('npm', ['install', ...options, '--no-fund', `chokidar@${major}`], {
      stdio: 'ignore',
      timeout: 60_000,
    });
    return npm.status === 0;
  });
}

const folderIn = (modules) => join(modules, 'node_modules', 'chokidar');
const versionIn = (modules) =>
  JSON.parse(readFileSync(join(folderIn(modules), 'package.json'), 'utf8')).version;
