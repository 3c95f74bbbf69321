import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inotifyChecks } from '#codi/cli/doctor/inotify-checks.js';
import { readInotifyUse, type InotifyUse } from '#codi/cli/doctor/inotify-use.js';

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'codi-proc-'));
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

function file(path: string, text: string): void {
  mkdirSync(dirname(join(proc, path)), { recursive: true });
  writeFileSync(join(proc, path), text);
}

/** A process that holds one descriptor for each count of watches, and a file. */
function runProcess(pid: number, name: string, watches: readonly number[]): void {
  file(`${pid}/comm`, `${name}\n`);
  mkdirSync(join(proc, `${pid}/fd`), { recursive: true });
  symlinkSync('/dev/null', join(proc, `${pid}/fd/0`));
  for (const [index, count] of watches.entries()) {
    symlinkSync('anon_inode:inotify', join(proc, `${pid}/fd/${index + 3}`));
    const lines = Array.from({ length: count }, (_, wd) => `inotify wd:${wd} ino:1 sdev:1\n`);
    file(`${pid}/fdinfo/${index + 3}`, `pos:\t0\nflags:\t02\n${lines.join('')}`);
  }
}

const use = (): Promise<InotifyUse | undefined> => readInotifyUse(proc, userInfo().uid);

test('Limits are the lowest that hold, and holders those of this user, the largest first.', async () => {
  file('sys/fs/inotify/max_user_watches', '8192\n');
  file('sys/user/max_inotify_watches', '100\n');
  file('sys/fs/inotify/max_user_instances', '128\n');
  runProcess(11, 'editor', [1, 2]);
  runProcess(12, 'node', [70]);
  runProcess(13, 'sh', []);
  expect(await use()).toEqual({
    watchesLimit: 100,
    instancesLimit: 128,
    holders: [
      { pid: 12, name: 'node', instances: 1, watches: 70 },
      { pid: 11, name: 'editor', instances: 2, watches: 3 },
    ],
  });
  expect(await readInotifyUse(proc, -7)).toMatchObject({ holders: [] });
});

test('Without inotify there is nothing to check.', async () => {
  expect(await use()).toBeUndefined();
  expect(inotifyChecks(undefined, 0)).toEqual([]);
});

test('Much room is well, little is worth a warning, none is wrong, with the lines that raise the limit.', () => {
  const of = (watches: number, instances: number, missing = 0) =>
    inotifyChecks(
      {
        ...{ watchesLimit: 1_000, instancesLimit: 10 },
        holders: [{ pid: 7, name: 'node', instances, watches }],
      },
      missing,
    );
  expect(of(799, 7).map(({ state }) => state)).toEqual(['ok', 'ok']);
  expect(of(800, 8).map(({ state }) => state)).toEqual(['warn', 'warn']);
  expect(of(1_000, 10).map(({ state }) => state)).toEqual(['bad', 'bad']);
  const [watches] = of(500, 1, 4);
  expect(watches).toEqual({
    name: 'inotify-watches',
    state: 'bad',
    detail:
      '4 folders polled for want of watches; 500 of 1,000 file watches in use; most: node (pid 7) 500',
    hint:
      'sudo sysctl fs.inotify.max_user_watches=524288\n' +
      "echo 'fs.inotify.max_user_watches = 524288' | sudo tee -a /etc/sysctl.d/60-codi.conf",
  });
});

test('The value that is named is large enough for what is missing.', () => {
  const holders = [{ pid: 7, name: 'node', instances: 1, watches: 600_000 }];
  const [{ hint }] = inotifyChecks(
    { watchesLimit: 700_000, instancesLimit: undefined, holders },
    500_000,
  ) as unknown as [{ hint: string }];
  expect(Number(/=(\d+)/.exec(hint)![1])).toBeGreaterThanOrEqual(2_200_000);
});
