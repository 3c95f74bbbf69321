import { beforeEach, expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { ROOT_OPTIONS, WatchWorld } from '../../../support/watch-world.ts';

let world: WatchWorld;

beforeEach(() => {
  world = new WatchWorld();
});

const ON = { useGitignore: true };

function recorded(): string[] {
  return [...world.folded().keys()];
}

test('`.gitignore` files are obeyed only when asked for.', async () => {
  world.disk.writeText('/root/.gitignore', '*.log\nout/\n');
  world.disk.create('/root/a.log');
  world.disk.create('/root/out', 'dir');
  world.disk.create('/root/out/x');
  world.disk.create('/root/keep');
  await world.watch(ON);
  expect(recorded()).toEqual(['.gitignore', 'keep']);
  const other = new WatchWorld();
  Object.assign(other.disk, { top: world.disk.top });
  await other.watch();
  expect([...other.folded().keys()]).toEqual(['.gitignore', 'a.log', 'keep', 'out', 'out/x']);
});

test('A deeper file has the last word, and nothing takes back what is below an ignored directory.', async () => {
  world.disk.writeText('/root/.gitignore', '*.o\n/gone/\n');
  world.disk.create('/root/sub', 'dir');
  world.disk.writeText('/root/sub/.gitignore', '!keep.o\n/only-here\n');
  for (const name of ['keep.o', 'other.o', 'only-here']) world.disk.create(`/root/sub/${name}`);
  world.disk.create('/root/gone', 'dir');
  world.disk.writeText('/root/gone/.gitignore', '!*\n');
  world.disk.create('/root/only-here');
  await world.watch(ON);
  expect(recorded()).toEqual(['.gitignore', 'only-here', 'sub', 'sub/.gitignore', 'sub/keep.o']);
});

test('When a file changes, what it ignores from then on is deleted from the index, and what it lets go comes back.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/deep', 'dir');
  world.disk.create('/root/d/deep/a.tmp');
  world.disk.create('/root/b.tmp');
  await world.watch(ON);
  world.takeEvents();
  world.disk.writeText('/root/.gitignore', '*.tmp\n');
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual([
    'create .gitignore',
    ...['delete d/deep/a.tmp', 'delete b.tmp'].sort(),
  ]);
  world.disk.write('/root/b.tmp');
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual([]);
  world.disk.writeText('/root/.gitignore', 'deep/\n');
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual(['update .gitignore', 'create b.tmp', ...['delete d/deep']]);
  world.disk.remove('/root/.gitignore');
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual(['delete .gitignore', 'create d/deep', 'create d/deep/a.tmp']);
});

test('A change whose hint was lost is found by the next full sweep.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/a.tmp');
  await world.watch(ON);
  world.takeEvents();
  world.disk.writeText('/root/.gitignore', '*.tmp\n');
  world.deliver(Infinity, () => true);
  world.sync(1);
  await world.pass(100);
  expect(world.of('synced')).toHaveLength(1);
  expect(world.takeEvents()).toEqual(['create .gitignore', 'delete d/a.tmp']);
});

test('What is recorded from a time before is deleted at the start; a moved directory brings its rules along.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/a.tmp');
  await world.watch();
  const rows = world.host.root(1)!.index;
  world.disk.writeText('/root/d/.gitignore', '*.tmp\n');
  const next = new WatchWorld();
  Object.assign(next.disk, { top: world.disk.top });
  next.disk.onChange = (inode, name) => {
    for (const source of next.hints) source.changed(inode, name);
  };
  await next.watch(ON, rows);
  expect(next.takeEvents()).toEqual(['create d/.gitignore', 'delete d/a.tmp']);
  next.disk.rename('/root/d', '/root/e');
  next.disk.create('/root/e/b.tmp');
  await next.pass(1_000);
  expect(next.takeEvents()).toEqual(['move d > e']);
});

test('A file that ignores itself, is not included or is ignored by an option is obeyed all the same.', async () => {
  world.disk.writeText('/root/.gitignore', '*\n!*.txt\n');
  for (const name of ['a.txt', 'b.txt', 'c']) world.disk.create(`/root/${name}`);
  await world.watch({ ...ON, patterns: ['a*'], ignore: ['.gitignore'] });
  expect(recorded()).toEqual(['a.txt']);
  world.disk.writeText('/root/.gitignore', 'a.txt\n');
  await world.pass(1_000);
  expect(recorded()).toEqual([]);
});

test('A link, a directory of that name and an oversized file are not applied; the status says which and why.', async () => {
  world.disk.create('/root/link', 'dir');
  world.disk.create('/root/link/.gitignore', 'symlink');
  world.disk.create('/root/dir', 'dir');
  world.disk.create('/root/dir/.gitignore', 'dir');
  world.disk.create('/root/file');
  await world.watch(ON);
  const [watching] = world.of('watching');
  expect(watching!.reason).toBe('link/.gitignore is a symbolic link, which is not followed');
  world.disk.remove('/root/link');
  world.disk.writeText('/root/.gitignore', `file\n#${'x'.repeat(64 * 1_024)}\n`);
  await world.pass(3_000);
  expect(world.of('rootStatus').at(-1)).toMatchObject({
    mode: 'native',
    reason: '.gitignore is larger than 65536 bytes',
  });
  expect(recorded()).toContain('file');
  world.disk.writeText('/root/.gitignore', 'file\n');
  await world.pass(3_000);
  expect(world.of('rootStatus').at(-1)!.reason).toBeUndefined();
  expect(recorded()).not.toContain('file');
});

test('A file that cannot be read keeps what it said before.', async () => {
  world.disk.writeText('/root/.gitignore', '*.tmp\n');
  await world.watch(ON);
  world.disk.find('/root/.gitignore')!.isReadable = false;
  world.disk.chmod('/root/.gitignore');
  world.disk.create('/root/a.tmp');
  await world.pass(1_000);
  expect(recorded()).toEqual(['.gitignore']);
});

test('All files of a root together have a bound, and one that did not fit is applied once it does.', async () => {
  const text = Array.from({ length: 1_000 }, (_, index) => `never${index}`).join('\n');
  for (let index = 0; index < 10; index++) {
    world.disk.create(`/root/d${index}`, 'dir');
    world.disk.writeText(`/root/d${index}/.gitignore`, text);
  }
  await world.watch(ON);
  world.disk.create('/root/last', 'dir');
  world.disk.writeText('/root/last/.gitignore', 'x\n');
  world.disk.create('/root/last/x');
  await world.pass(3_000);
  expect(world.of('rootStatus').at(-1)!.reason).toContain('last/.gitignore is not applied');
  world.disk.remove('/root/d0');
  for (const id of [1, 2]) {
    world.sync(id);
    await world.pass(1_000);
  }
  expect(recorded()).not.toContain('last/x');
});

test('Names that are not UTF-8 are matched as they are shown.', async () => {
  world.disk.create('/root/\u00ff.log');
  world.disk.create('/root/\u00fe');
  world.disk.create('/root/\u00c3\u00a9');
  world.disk.writeText('/root/.gitignore', '*.log\n\ufffd\né\n');
  await world.watch(ON);
  expect(recorded()).toEqual(['.gitignore']);
});

test('A root that is a single file is recorded whatever a `.gitignore` beside it says.', async () => {
  world.disk.create('/root/only');
  world.disk.writeText('/root/.gitignore', 'only\n');
  world.host.receive({
    type: 'watch',
    root: 1,
    path: bytePathFromUtf8('/root/only'),
    options: { ...ROOT_OPTIONS, ...ON },
  });
  world.host.receive({ type: 'index', root: 1, page: packIndex([]).bytes, done: true });
  await world.pass(100);
  expect(world.takeEvents()).toEqual(['create ']);
});
