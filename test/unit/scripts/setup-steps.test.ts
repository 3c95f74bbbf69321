import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { missingEntries } from '../../../scripts/check-lockfile.mjs';
import { addonLoads, keepAddon, putBackAddon } from '../../../scripts/setup/addon.mjs';
import { takeLock } from '../../../scripts/setup/lock.mjs';
import { buildKey, dependencyKey, readStamp, writeStamp } from '../../../scripts/setup/stamps.mjs';

const ROOT = join(import.meta.dirname, '../../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'codi sétup '));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('The key of the build changes with the content, the name and the set of the sources.', () => {
  mkdirSync(join(folder, 'src/deep'), { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), '{}');
  writeFileSync(join(folder, 'src/deep/a.ts'), 'a');
  const keys = [buildKey(folder, true)];
  writeFileSync(join(folder, 'src/deep/a.ts'), 'b');
  keys.push(buildKey(folder, true));
  writeFileSync(join(folder, 'src/c.ts'), '');
  keys.push(buildKey(folder, true));
  writeFileSync(join(folder, 'tsconfig.json'), '{ }');
  keys.push(buildKey(folder, true));
  expect(new Set(keys).size).toBe(4);
  expect(keys).not.toContain(buildKey(folder, false));
  expect(buildKey(folder, true)).toBe(keys[3]);
});

test('The key of the dependencies changes with the lockfile.', () => {
  writeFileSync(join(folder, 'package-lock.json'), '1');
  const key = dependencyKey(folder);
  expect(dependencyKey(folder)).toBe(key);
  writeFileSync(join(folder, 'package-lock.json'), '2');
  expect(dependencyKey(folder)).not.toBe(key);
});

test('What was compiled outlives an installation, for the release it was compiled from.', () => {
  const addons = join(folder, 'kept');
  const installed = join(folder, 'node_modules/better-sqlite3');
  const binary = join(installed, 'build/Release/better_sqlite3.node');
  const install = (version: string) => {
    rmSync(installed, { recursive: true, force: true });
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'package.json'), JSON.stringify({ version }));
  };
  putBackAddon(folder, addons);
  install('1.0.0');
  mkdirSync(join(binary, '..'), { recursive: true });
  writeFileSync(binary, 'compiled');
  keepAddon(folder, addons);
  install('2.0.0');
  putBackAddon(folder, addons);
  expect(existsSync(binary)).toBe(false);
  install('1.0.0');
  putBackAddon(folder, addons);
  expect(readFileSync(binary, 'utf8')).toBe('compiled');
});

test('An addon with the hooks of newer headers is compiled anew, although it can be loaded.', async () => {
  const installed = join(folder, 'node_modules/better-sqlite3');
  cpSync(join(ROOT, 'node_modules/better-sqlite3'), installed, { recursive: true });
  for (const name of ['bindings', 'file-uri-to-path'])
    cpSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), {
      recursive: true,
    });
  expect(await addonLoads(folder)).toBe(true);
  appendFileSync(
    join(installed, 'build/Release/better_sqlite3.node'),
    'RemoveEnvironmentCleanupHook',
  );
  expect(await addonLoads(folder)).toBe(false);
});

test('A stamp is written whole, and one that is not there reads as undefined.', () => {
  const path = join(folder, 'dist/.stamp');
  expect(readStamp(path)).toBeUndefined();
  writeStamp(path, 'key');
  expect(readStamp(path)).toBe('key');
});

test('A second set-up waits until the first has let go.', async () => {
  const first = await takeLock(folder);
  const order: string[] = [];
  const second = takeLock(folder).then((lock) => {
    order.push('second');
    lock.release();
  });
  await new Promise((resolve) => setImmediate(resolve));
  order.push('released');
  first.release();
  await second;
  expect(order).toEqual(['released', 'second']);
});

test('A set-up that died while a program of it works keeps its lock, whichever of them that is.', async () => {
  const lock = await takeLock(folder);
  for (const pid of [process.ppid, 2 ** 22 + 1]) lock.note(pid);
  const owners = JSON.parse(readFileSync(join(folder, 'setup.lock/owners.json'), 'utf8'));
  const pids = owners.map(({ pid }: { pid: number }) => pid);
  expect(pids).toEqual([process.pid, process.ppid, 2 ** 22 + 1]);
  lock.release();
});

test('The lock of a set-up that is dead is taken over.', async () => {
  const lock = join(folder, 'setup.lock');
  mkdirSync(lock);
  // A pid that was reused: alive, but started at another time.
  const owners = [{ pid: process.pid, started: '1' }];
  writeFileSync(join(lock, 'owners.json'), JSON.stringify(owners));
  const taken = await takeLock(folder);
  taken.release();
});

test('A lockfile that lacks an optional package of another platform is found out.', () => {
  const packages = {
    'node_modules/tool': { optionalDependencies: { 'tool-linux': '1', 'tool-darwin': '1' } },
    'node_modules/tool-linux': {},
  };
  expect(missingEntries(packages)).toEqual(['tool-darwin (of tool)']);
  expect(missingEntries({ ...packages, 'node_modules/tool-darwin': {} })).toEqual([]);
  expect(missingEntries({ ...packages, 'node_modules/tool/node_modules/tool-darwin': {} })).toEqual(
    [],
  );
});
