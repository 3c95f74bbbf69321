import { beforeEach, describe, expect, test } from 'vitest';
import type { IndexRow } from '#codi/protocol/file-event.js';
import { WatchWorld } from '../../../support/watch-world.ts';

let world: WatchWorld;
const QUIET_MS = 2_000;

beforeEach(() => {
  world = new WatchWorld();
});

/** Watches what was prepared; only later events count. */
async function watching(prepared: () => void, options = {}): Promise<void> {
  prepared();
  await world.watch(options);
  world.takeEvents();
}

async function told(): Promise<string[]> {
  await world.pass(QUIET_MS);
  expect(world.folded()).toEqual(world.index());
  return world.takeEvents();
}

describe('A move', () => {
  test('of a file within the root is one event.', async () => {
    await watching(() => {
      world.disk.create('/root/a');
      world.disk.create('/root/d', 'dir');
    });
    world.disk.rename('/root/a', '/root/d/b');
    expect(await told()).toEqual(['move a > d/b']);
  });

  test('of a populated directory is one event, and what is below goes along.', async () => {
    await watching(() => {
      world.disk.create('/root/d', 'dir');
      world.disk.create('/root/d/e', 'dir');
      world.disk.create('/root/d/e/f');
    });
    world.disk.rename('/root/d', '/root/m');
    expect(await told()).toEqual(['move d > m']);
    world.disk.write('/root/m/e/f');
    expect(await told()).toEqual(['update m/e/f']);
  });

  test('of a directory into a new one is still a move.', async () => {
    await watching(() => {
      world.disk.create('/root/d', 'dir');
      world.disk.create('/root/d/f');
    });
    world.disk.create('/root/n', 'dir');
    world.disk.rename('/root/d', '/root/n/d');
    expect(await told()).toEqual(['create n', 'move d > n/d']);
  });

  test('into the root tells everything that came.', async () => {
    await watching(() => {
      world.disk.create('/out', 'dir');
      world.disk.create('/out/f');
    });
    world.disk.rename('/out', '/root/in');
    expect(await told()).toEqual(['create in', 'create in/f']);
    world.disk.write('/root/in/f');
    expect(await told()).toEqual(['update in/f']);
  });

  test('out of the root deletes what was below first, and later changes there are no business of ours.', async () => {
    await watching(() => {
      world.disk.create('/root/d', 'dir');
      world.disk.create('/root/d/f');
    });
    world.disk.rename('/root/d', '/out');
    expect(await told()).toEqual(['delete d/f', 'delete d']);
    world.disk.write('/out/f');
    expect(await told()).toEqual([]);
  });

  test('of a file that is then written is a move and an update.', async () => {
    await watching(() => world.disk.create('/root/a'));
    world.disk.rename('/root/a', '/root/b');
    world.disk.write('/root/b');
    expect(await told()).toEqual(['move a > b', 'update b']);
  });

  test('A chain of directory renames is told as moves.', async () => {
    await watching(() => {
      for (const name of ['a', 'c']) {
        world.disk.create(`/root/${name}`, 'dir');
        world.disk.create(`/root/${name}/in-${name}`);
      }
    });
    world.disk.rename('/root/a', '/root/b');
    world.disk.rename('/root/c', '/root/a');
    expect((await told()).sort()).toEqual(['move a > b', 'move c > a']);
  });

  test('Two directories that change places end with the right content.', async () => {
    await watching(() => {
      for (const name of ['a', 'b']) {
        world.disk.create(`/root/${name}`, 'dir');
        world.disk.create(`/root/${name}/in-${name}`);
      }
    });
    world.disk.rename('/root/a', '/root/x');
    world.disk.rename('/root/b', '/root/a');
    world.disk.rename('/root/x', '/root/b');
    await told();
    expect(world.index()).toEqual(world.walk());
  });
});

describe('No move is', () => {
  test('a file saved by writing another one and renaming it over: that is one update.', async () => {
    await watching(() => world.disk.create('/root/f'));
    world.disk.write('/root/f.tmp');
    world.disk.rename('/root/f.tmp', '/root/f');
    expect(await told()).toEqual(['update f']);
  });

  test('a second name of a file.', async () => {
    await watching(() => world.disk.create('/root/f'));
    world.disk.link('/root/f', '/root/g');
    expect((await told()).sort()).toEqual(['attrib f', 'create g']);
    world.disk.write('/root/g');
    expect((await told()).sort()).toEqual(['update f', 'update g']);
  });

  test('a new file that was given the inode number of a deleted one.', async () => {
    await watching(() => world.disk.create('/root/old'));
    const { ino } = world.disk.find('/root/old')!;
    world.disk.remove('/root/old');
    world.disk.write('/root/new');
    expect(world.disk.find('/root/new')!.ino).toBe(ino);
    expect((await told()).sort()).toEqual(['create new', 'delete old']);
  });

  test('a new directory that was given the inode number of a deleted one.', async () => {
    await watching(() => world.disk.create('/root/old', 'dir'));
    world.disk.remove('/root/old');
    world.disk.create('/root/new', 'dir');
    expect((await told()).sort()).toEqual(['create new', 'delete old']);
  });

  test('a log that was rotated: its path goes on with the new file.', async () => {
    await watching(() => world.disk.create('/root/log'));
    world.disk.rename('/root/log', '/root/log.1');
    world.disk.write('/root/log');
    expect((await told()).sort()).toEqual(['create log.1', 'update log']);
  });
});

describe('Other changes', () => {
  test('of the mode are attrib, of a directory too; a directory has no updates.', async () => {
    await watching(() => {
      world.disk.create('/root/f');
      world.disk.create('/root/d', 'dir');
    });
    world.disk.chmod('/root/f');
    world.disk.chmod('/root/d');
    world.disk.create('/root/d/n');
    expect((await told()).sort()).toEqual(['attrib d', 'attrib f', 'create d/n']);
  });

  test('of the kind are a delete and a create.', async () => {
    await watching(() => {
      world.disk.create('/root/a');
      world.disk.create('/root/b', 'dir');
      world.disk.create('/root/b/f');
    });
    world.disk.remove('/root/a');
    world.disk.create('/root/a', 'dir');
    world.disk.remove('/root/b');
    world.disk.write('/root/b');
    expect((await told()).sort()).toEqual(
      ['create a', 'create b', 'delete a', 'delete b', 'delete b/f'].sort(),
    );
  });

  test('below a directory made anew under the same inode number are still seen.', async () => {
    await watching(() => world.disk.create('/root/d', 'dir'));
    world.disk.remove('/root/d');
    world.disk.create('/root/d', 'dir');
    await told();
    world.disk.create('/root/d/f');
    world.clock.advance(1);
    world.deliver();
    world.clock.advance(15);
    expect(world.takeEvents()).toEqual(['create d/f']);
  });

  test('carry what they were seen by, and the sizes before and after.', async () => {
    await watching(() => world.disk.create('/root/f'));
    world.disk.write('/root/f');
    await world.pass(20);
    expect(world.events.splice(0)).toMatchObject([
      { event: 'update', seen: 'native', size: 1, oldSize: 0 },
    ]);
    world.disk.write('/root/f');
    world.deliver(Infinity, () => true);
    world.sync(1);
    await world.pass(100);
    expect(world.events.splice(0)).toMatchObject([{ event: 'update', seen: 'reconcile', size: 2 }]);
  });
});

describe('What is recorded already', () => {
  test('is not told again, and what changed since is the difference.', async () => {
    world.disk.create('/root/same');
    world.disk.create('/root/d', 'dir');
    world.disk.create('/root/d/f');
    await world.watch();
    const rows: IndexRow[] = world.host.root(1)!.index;
    const next = new WatchWorld();
    Object.assign(next.disk, { top: world.disk.top });
    next.disk.rename('/root/d', '/root/e');
    next.disk.write('/root/new');
    await next.watch({}, rows);
    expect(next.takeEvents().sort()).toEqual(['create new', 'move d > e']);
  });

  test('but left out by the options of today is deleted, children first.', async () => {
    world.disk.create('/root/d', 'dir');
    world.disk.create('/root/d/a.txt');
    world.disk.create('/root/d/b.log');
    await world.watch();
    const rows = world.host.root(1)!.index.sort((a, b) => (a.path < b.path ? -1 : 1));
    const next = new WatchWorld();
    Object.assign(next.disk, { top: world.disk.top });
    await next.watch({ patterns: ['*.txt'] }, rows);
    expect(next.takeEvents()).toEqual([
      'delete d/b.log',
      'delete d/a.txt',
      'delete d',
      'create d/a.txt',
    ]);
  });
});
