import { beforeEach, expect, test } from 'vitest';
import { ROOT_OPTIONS, WatchWorld } from '../../../support/watch-world.ts';

let world: WatchWorld;

beforeEach(() => {
  world = new WatchWorld();
});

const NAME = '2026-04-15-181648-plan.txt';
const exports = {
  patterns: ['YYYY-MM-DD-HHMMSS[-_]*.txt'],
  ignoredDepth: 2,
  ignoredDirectories: 10,
};

const recorded = () => [...world.folded().keys()];

test('An export is recorded whatever is ignored: by name, by default, by .gitignore, by include patterns.', async () => {
  world.disk.writeText('/root/.gitignore', '*.txt\nbuilt/\n');
  for (const directory of ['node_modules', 'built', 'mine']) {
    world.disk.create(`/root/${directory}`, 'dir');
    world.disk.create(`/root/${directory}/${NAME}`);
    world.disk.create(`/root/${directory}/other.txt`);
  }
  world.disk.create(`/root/${NAME}`);
  await world.watch({ exports, ignore: ['mine'], useGitignore: true, patterns: ['*.ts'] });
  expect(recorded().sort()).toEqual([
    NAME,
    `built/${NAME}`,
    `mine/${NAME}`,
    `node_modules/${NAME}`,
  ]);
});

test('An ignored directory is entered so many levels deep, what tools make only at its top.', async () => {
  for (const directory of ['mine', 'mine/a', 'mine/a/b', 'node_modules', 'node_modules/x']) {
    world.disk.create(`/root/${directory}`, 'dir');
    world.disk.create(`/root/${directory}/${NAME}`);
  }
  await world.watch({ exports, ignore: ['mine'] });
  expect(recorded().sort()).toEqual([`mine/${NAME}`, `mine/a/${NAME}`, `node_modules/${NAME}`]);
});

test('Hints lead to exports in ignored directories, also in new ones.', async () => {
  world.disk.create('/root/node_modules', 'dir');
  await world.watch({ exports, ignore: ['mine'] });
  world.takeEvents();
  world.disk.create(`/root/node_modules/${NAME}`);
  world.disk.create('/root/node_modules/noise.js');
  await world.pass(50);
  expect(world.takeEvents()).toEqual([`create node_modules/${NAME}`]);
  world.disk.create('/root/mine', 'dir');
  await world.pass(50);
  world.disk.create(`/root/mine/${NAME}`);
  await world.pass(1_000);
  expect(world.takeEvents()).toEqual([`create mine/${NAME}`]);
});

test('A directory that is ignored from then on is told as deleted, but not the exports in it.', async () => {
  world.disk.create('/root/d', 'dir');
  world.disk.create('/root/d/a.txt');
  world.disk.create(`/root/d/${NAME}`);
  await world.watch({ exports, useGitignore: true });
  world.disk.writeText('/root/.gitignore', 'd/\n');
  await world.pass(1_000);
  expect(recorded().sort()).toEqual(['.gitignore', `d/${NAME}`]);
  world.disk.remove('/root/.gitignore');
  await world.pass(1_000);
  expect(recorded().sort()).toEqual(['d', `d/${NAME}`, 'd/a.txt']);
});

test('More ignored directories than may be entered are said.', async () => {
  for (let index = 0; index < 12; index++) {
    world.disk.create(`/root/p${index}`, 'dir');
    world.disk.create(`/root/p${index}/node_modules`, 'dir');
    world.disk.create(`/root/p${index}/node_modules/${NAME}`);
  }
  await world.watch({ exports });
  expect(recorded().filter((path) => path.endsWith(NAME))).toHaveLength(10);
  const reasons = world.messages.map((message) => ('reason' in message ? message.reason : ''));
  expect(reasons.join()).toContain('exports are looked for in 10 ignored folders only');
});

test('Without patterns nothing ignored is entered.', async () => {
  world.disk.create('/root/node_modules', 'dir');
  world.disk.create(`/root/node_modules/${NAME}`);
  await world.watch({ ...ROOT_OPTIONS, exports: { ...exports, patterns: [] } });
  expect(recorded()).toEqual([]);
});
