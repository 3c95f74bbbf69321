import { beforeEach, describe, expect, test } from 'vitest';
import { countEvents } from '#codi/protocol/packed-events.js';
import { WatchWorld } from '../../../support/watch-world.ts';

let world: WatchWorld;
beforeEach(() => {
  world = new WatchWorld();
});

async function told(byMs: number): Promise<string[]> {
  await world.pass(byMs);
  expect(world.folded()).toEqual(world.index());
  return world.takeEvents();
}

async function untilExact(byMs = 10_000): Promise<string[]> {
  const events = await told(byMs);
  expect(world.index()).toEqual(world.walk());
  return events;
}

describe('With a debounce', () => {
  const DEBOUNCE_MS = 2_000;
  beforeEach(async () => {
    world.disk.create('/root/f');
    await world.watch({ debounceMs: DEBOUNCE_MS });
    world.takeEvents();
  });

  test('the changes of one path within that time are one event, of what is there then.', async () => {
    world.disk.create('/root/a');
    expect(await told(400)).toEqual([]);
    for (let times = 0; times < 3; times++) {
      world.disk.write('/root/a');
      expect(await told(400)).toEqual([]);
    }
    expect(await told(1_000)).toEqual(['create a']);
    expect(world.of('counters').at(-1)!.coalesced).toBe(3);
    world.disk.write('/root/a');
    expect(await told(400)).toEqual([]);
    expect(await untilExact()).toEqual(['update a']);
  });

  test('a sweep of the folder, which another change asks for, does not look early.', async () => {
    world.disk.write('/root/f');
    world.disk.create('/root/other');
    expect(await told(DEBOUNCE_MS / 2)).toEqual([]);
    expect((await untilExact()).sort()).toEqual(['create other', 'update f']);
  });

  test('a deletion waits as well, and what is made anew meanwhile is an update.', async () => {
    world.disk.remove('/root/f');
    expect(await told(1_000)).toEqual([]);
    world.disk.create('/root/f');
    expect(await untilExact()).toEqual(['update f']);
  });

  test('a sync does not wait.', async () => {
    world.disk.write('/root/f');
    world.deliver();
    world.sync(1);
    expect(await told(200)).toEqual(['update f']);
    expect(world.of('synced')).toHaveLength(1);
    expect(await untilExact()).toEqual([]);
  });
});

describe('With a rate limit', () => {
  const PER_SECOND = 10;
  const watch = async () => {
    await world.watch({ eventsPerSecond: PER_SECOND });
    world.takeEvents();
  };

  test('more events wait, come at that rate, and none is missed.', async () => {
    await watch();
    for (let count = 0; count < 60; count++) world.disk.create(`/root/${count}`);
    world.deliver();
    const first = await told(900);
    expect(first.length).toBeGreaterThanOrEqual(PER_SECOND);
    expect(first.length).toBeLessThanOrEqual(2 * PER_SECOND);
    expect((await told(2_000)).length).toBeLessThanOrEqual(2 * PER_SECOND + 1);
    await untilExact(20_000);
    expect(world.index().size).toBe(60);
    expect(world.of('counters').at(-1)!.rateWaits).toBeGreaterThan(0);
  });

  test('what changes while it waits is one event.', async () => {
    await watch();
    for (let count = 0; count < 40; count++) world.disk.create(`/root/${count}`);
    await told(100);
    for (let times = 0; times < 50; times++) {
      world.disk.write('/root/39');
      world.disk.write('/root/0');
      world.deliver();
    }
    const events = await untilExact(20_000);
    const ofBoth = events.filter((event) => event.endsWith(' 39') || event.endsWith(' 0'));
    expect(ofBoth.length).toBeLessThanOrEqual(4);
    expect(world.of('counters').at(-1)!.coalesced).toBeGreaterThan(50);
  });

  test('the first look at a root is not held up, nor one that goes.', async () => {
    for (let count = 0; count < 100; count++) world.disk.create(`/root/${count}`);
    await world.watch({ eventsPerSecond: PER_SECOND });
    expect(world.takeEvents()).toHaveLength(100);
    world.disk.remove('/root');
    await world.pass(2_000);
    expect(world.takeEvents()).toHaveLength(100);
  });
});

test('Batches hold no more events than they are to.', async () => {
  await world.watch({ batchCount: 7 });
  for (let count = 0; count < 30; count++) world.disk.create(`/root/${count}`);
  expect(await untilExact()).toHaveLength(30);
  const sizes = world.of('changes').map(({ events }) => countEvents(events));
  expect(Math.max(...sizes)).toBe(7);
});
