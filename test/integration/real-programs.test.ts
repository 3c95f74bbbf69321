// Programs that change many files at once, as they are: what they made is recorded without anybody asking for a sweep,
// and a file that was there before and is another one now is an update, however the program did it.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WatchingDaemon } from '../support/recorded-events.ts';
import { skipUnless } from '../support/skip.ts';

/** Nothing is ignored, so that what git and npm do inside is judged as well. */
const daemon = new WatchingDaemon(false);
const source = daemon.outside('source');
const SLOW_MS = 60_000;

const run = (cwd: string, program: string, ...args: string[]) =>
  execFileSync(program, args, {
    cwd,
    stdio: 'pipe',
    env: { ...process.env, GIT_CONFIG_NOSYSTEM: '1' },
  });
const git = (cwd: string, ...args: string[]) =>
  run(cwd, 'git', '-c', 'user.name=a', '-c', 'user.email=a@b.invalid', ...args);

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A repository with two branches: changed.txt differs, gone.txt and come.txt are on one of them each. */
beforeAll(async () => {
  await daemon.start();
  for (let file = 0; file < 60; file++)
    write(join(source, `dir${file % 6}`, 'sub', `f${file}.txt`), `content ${file}`);
  write(join(source, 'changed.txt'), 'one');
  write(join(source, 'gone.txt'), 'only here');
  git(source, 'init', '-q', '-b', 'main');
  git(source, 'add', '.');
  git(source, 'commit', '-qm', 'one');
  git(source, 'checkout', '-qb', 'other');
  write(join(source, 'changed.txt'), 'another');
  write(join(source, 'come.txt'), 'only there');
  git(source, 'rm', '-q', 'gone.txt');
  git(source, 'add', '.');
  git(source, 'commit', '-qm', 'two');
  git(source, 'checkout', '-q', 'main');
}, SLOW_MS);
afterAll(() => daemon.stop());

/** What became of each path, without what git keeps for itself. A new file may be told before all is in it. */
function byPath(events: readonly string[]): Record<string, string> {
  const became: Record<string, string> = {};
  for (const event of events) {
    const [what = '', ...path] = event.split(' ');
    const name = path.join(' ');
    const isWrittenOn = name in became && (what === 'update' || what === 'attrib');
    if (!isWrittenOn && !name.includes('.git')) became[name] = what;
  }
  return became;
}

test(
  '`git clone` and `git worktree add` are recorded with everything they made.',
  async () => {
    const folder = await daemon.folder();
    git(folder.path, 'clone', '-q', source, 'clone');
    git(folder.at('clone'), 'worktree', 'add', '-q', '../tree', '-b', 'third');
    await folder.untilExact(20_000);
    const made = byPath(await folder.events());
    expect(new Set(Object.values(made))).toEqual(new Set(['create']));
    expect(made['tree/dir0/sub/f0.txt']).toBe('create');
  },
  SLOW_MS,
);

test(
  '`git checkout` of another branch is an update of what differs, and a create and a delete of the rest.',
  async () => {
    const folder = await daemon.folder((path) => cpSync(source, path, { recursive: true }));
    git(folder.path, 'checkout', '-q', 'other');
    await folder.untilExact(20_000);
    expect(byPath(await folder.events())).toEqual({
      'changed.txt': 'update',
      'come.txt': 'create',
      'gone.txt': 'delete',
    });
  },
  SLOW_MS,
);

test(
  '`npm ci` from local tarballs is recorded with everything it installed.',
  async () => {
    const packages = daemon.outside('packages');
    for (const name of ['one', 'two']) {
      write(
        join(packages, name, 'package.json'),
        JSON.stringify({ name, version: '1.0.0', bin: 'index.js' }),
      );
      write(join(packages, name, 'index.js'), '#!/usr/bin/env node\n');
      run(join(packages, name), 'npm', 'pack', '--silent', '--pack-destination', '..');
    }
    const folder = await daemon.folder((path) => {
      const dependencies = { one: 'file:one.tgz', two: 'file:two.tgz' };
      for (const name of ['one', 'two'])
        cpSync(join(packages, `${name}-1.0.0.tgz`), join(path, `${name}.tgz`));
      write(
        join(path, 'package.json'),
        JSON.stringify({ name: 'app', version: '1.0.0', dependencies }),
      );
      run(path, 'npm', 'install', '--package-lock-only', '--offline', '--silent');
    });
    for (let round = 0; round < 2; round++) {
      run(folder.path, 'npm', 'ci', '--offline', '--silent', '--no-audit', '--no-fund');
      await folder.untilExact(20_000);
    }
    expect(await folder.events()).toContain('create node_modules/two/index.js');
  },
  SLOW_MS,
);

test(
  '`tar x` is recorded, and a second one over the first updates what it writes anew.',
  async () => {
    const folder = await daemon.folder();
    const archive = daemon.outside('archive');
    run(source, 'tar', '-cf', archive, 'dir0', 'changed.txt');
    run(folder.path, 'tar', '-xf', archive);
    await folder.untilExact(20_000);
    const made = byPath(await folder.events());
    expect(new Set(Object.values(made))).toEqual(new Set(['create']));
    run(folder.path, 'tar', '-xmf', archive);
    await folder.untilExact(20_000);
    const again = (await folder.events()).filter((event) => event.endsWith('.txt'));
    // Where a look falls between the writing and tar's setting of modes, that is an event of its own.
    const kinds = new Set(again.map((event) => event.split(' ')[0]));
    kinds.delete('attrib');
    expect(kinds).toEqual(new Set(['update']));
    expect(again).toContain('update changed.txt');
  },
  SLOW_MS,
);

test(
  '`cp -r` is recorded, also while what was copied is deleted again.',
  async () => {
    const folder = await daemon.folder();
    for (let round = 0; round < 5; round++) {
      run(folder.path, 'cp', '-r', source, `copy${round}`);
      if (round % 2 === 1) rmSync(folder.at(`copy${round}`), { recursive: true });
    }
    await folder.untilExact(20_000);
    expect(await folder.events()).toContain('create copy0/changed.txt');
  },
  SLOW_MS,
);

const other = '/dev/shm';
const isOtherSystem = existsSync(other) && statSync(other).dev !== statSync(process.cwd()).dev;
skipUnless(isOtherSystem, 'there is no second file system at /dev/shm')(
  '`mv` from another file system, and to it, is recorded as what came and what went.',
  async () => {
    const elsewhere = mkdtempSync(join(other, 'codi-test-'));
    try {
      const folder = await daemon.folder((path) => write(join(path, 'kept', 'f'), 'x'));
      cpSync(join(source, 'dir1'), join(elsewhere, 'dir1'), { recursive: true });
      run(folder.path, 'mv', join(elsewhere, 'dir1'), 'came');
      run(folder.path, 'mv', 'kept', elsewhere);
      await folder.untilExact(20_000);
      const events = await folder.events();
      expect(events).toEqual(
        expect.arrayContaining(['create came/sub/f1.txt', 'delete kept/f', 'delete kept']),
      );
      expect(events.some((event) => event.startsWith('move '))).toBe(false);
    } finally {
      rmSync(elsewhere, { recursive: true, force: true });
    }
  },
  SLOW_MS,
);

skipUnless(spawnSync('rsync', ['--version']).error === undefined, 'there is no rsync')(
  '`rsync` over an older copy is an update of each file that differs.',
  async () => {
    const folder = await daemon.folder((path) => write(join(path, 'changed.txt'), 'older'));
    run(folder.path, 'rsync', '-a', join(source, 'changed.txt'), '.');
    await folder.untilExact(20_000);
    expect(await folder.events()).toEqual(['update changed.txt']);
  },
  SLOW_MS,
);
