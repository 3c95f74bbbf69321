import { beforeEach, describe, expect, test } from 'vitest';
import { WatchWorld } from '../../../support/watch-world.ts';

let world: WatchWorld;
beforeEach(() => {
  world = new WatchWorld();
});

async function told(): Promise<string[]> {
  await world.pass(2_000);
  expect(world.folded()).toEqual(world.index());
  return world.takeEvents();
}

describe('A file that is saved in several steps, with looks in between,', () => {
  const LOOK_MS = 20;
  const steps = async (...all: (() => void)[]) => {
    world.disk.create('/root/f');
    await world.watch();
    world.takeEvents();
    for (const step of all) {
      step();
      await world.pass(LOOK_MS);
    }
  };
  const { rename, remove } = {
    rename: (from: string, to: string) => () => world.disk.rename(`/root/${from}`, `/root/${to}`),
    remove: (name: string) => () => world.disk.remove(`/root/${name}`),
  };
  const create = (name: string) => () => void world.disk.create(`/root/${name}`);
  const write = (name: string) => () => world.disk.write(`/root/${name}`);

  test.each<[string, (() => void)[], string[]]>([
    [
      'moved aside and deleted in the end',
      [rename('f', 'f~'), create('f'), write('f'), remove('f~')],
      ['update f'],
    ],
    [
      'moved aside and kept',
      [rename('f', 'f.bak'), create('f'), write('f')],
      ['create f.bak', 'update f'],
    ],
    [
      'copied and written in place',
      [create('f~'), write('f'), write('f'), remove('f~')],
      ['update f'],
    ],
    ['deleted and made anew', [remove('f'), create('f')], ['update f']],
    [
      'written beside and renamed over',
      [create('.f.x1'), write('.f.x1'), rename('.f.x1', 'f')],
      ['update f'],
    ],
    [
      'moved to another name, then made anew',
      [rename('f', 'g'), create('f')],
      ['create g', 'update f'],
    ],
  ])('%s, is one update.', async (_way, all, events) => {
    await steps(...all);
    await world.pass(2_000);
    expect(new Set(world.events.map(({ seen }) => seen))).toEqual(new Set(['native']));
    expect((await told()).sort()).toEqual(events);
  });

  test('is told at once when somebody asks.', async () => {
    await steps(rename('f', 'f~'), create('f'));
    world.sync(1);
    await world.pass(10);
    expect(world.of('synced')).toHaveLength(1);
    expect(world.takeEvents().sort()).toEqual(['create f~', 'update f']);
  });

  test('waits no longer than the longest settle time while others go on.', async () => {
    await steps(rename('f', 'f~'));
    for (let round = 0; round < 30; round++) {
      write('other')();
      create(`n${round}`)();
      await world.pass(50);
    }
    expect(world.takeEvents()).toContain('move f > f~');
  });
});
