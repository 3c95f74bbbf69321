import { beforeEach, expect, test } from 'vitest';
import { WatchWorld } from '../../../support/watch-world.ts';

const SWEEP_MS = 60_000;
let world: WatchWorld;

beforeEach(async () => {
  world = new WatchWorld();
  for (const name of ['told', 'silent']) world.disk.create(`/root/${name}`, 'dir');
  await world.watch({ sweepIntervalMs: SWEEP_MS });
});

/** In steps, because lists are read asynchronously. */
async function pass(byMs: number): Promise<void> {
  for (let leftMs = byMs; leftMs > 0; leftMs -= 1_000) await world.pass(Math.min(leftMs, 1_000));
}

const silence = () => world.hints.at(-1)!.silent.add(world.disk.find('/root/silent' as never)!);
const speak = () => world.hints.at(-1)!.silent.clear();
const status = () => world.host.root(1)!.keeper!;
const gaps = () => world.of('gap').map(({ reason }) => reason);

async function change(directory: string, times: number): Promise<void> {
  for (let round = 0; round < times; round++) {
    world.disk.create(`/root/${directory}/f${world.clock.monotonicMs()}`);
    await pass(SWEEP_MS + 1_000);
  }
}

test('A root in which sweeps find again and again what hints did not tell is polled, for a reason that is told.', async () => {
  silence();
  await change('silent', 2);
  expect([status().mode, gaps()]).toEqual(['native', []]);
  await change('silent', 1);
  expect(status()).toMatchObject({ kind: 'fs', mode: 'poll' });
  expect(status().reason).toContain('hints do not come');
  expect(gaps()).toEqual(['poll']);
  expect(world.of('doubt').map(({ reason }) => reason)).toEqual(['hints_do_not_come']);
  world.takeEvents();
  world.disk.create('/root/silent/soon');
  await pass(6_000);
  expect(world.events.map(({ path, seen }) => [path, seen])).toEqual([['silent/soon', 'poll']]);
  world.disk.create('/root/told/now');
  await pass(200);
  expect(world.events.at(-1)).toMatchObject({ path: 'told/now', seen: 'native' });
});

test('Hints are believed again when they came for a while and nothing was missed; the next miss is enough.', async () => {
  silence();
  await change('silent', 3);
  speak();
  await pass(2 * SWEEP_MS);
  expect(status().mode).toBe('poll');
  for (let second = 0; second < 70; second++) {
    world.disk.create(`/root/told/t${second}`);
    await pass(1_000);
  }
  expect(status()).toMatchObject({ mode: 'native', reason: undefined });
  await pass(2 * SWEEP_MS);
  expect(world.of('gapClosed').map(({ reason }) => reason)).toEqual(['poll']);
  silence();
  await change('silent', 1);
  expect(status().mode).toBe('poll');
});

test('Hints lost to a flood or to a standstill are no reason to disbelieve, for their own reason is told.', async () => {
  silence();
  for (let round = 0; round < 6; round++) {
    world.disk.create(`/root/silent/f${round}`);
    await pass(SWEEP_MS - 20_000);
    world.hints.at(-1)!.lost();
    await pass(2_000);
  }
  expect(world.folded()).toEqual(world.walk());
  expect(status().mode).toBe('native');
});

test('Nor are writes that no system tells, nor changes so new that a hint may be on its way.', async () => {
  silence();
  world.disk.create('/root/silent/mapped');
  await pass(SWEEP_MS + 1_000);
  for (let round = 0; round < 6; round++) {
    world.disk.write('/root/silent/mapped');
    await pass(SWEEP_MS + 1_000);
  }
  expect(status().mode).toBe('native');
  for (let round = 0; round < 6; round++) {
    const path = `/root/silent/new${round}`;
    world.disk.create(path);
    const entry = world.disk.find(path as never)!;
    entry.ctimeNs = BigInt(Math.round(world.clock.nowMs())) * 1_000_000n;
    world.sync(round);
    await pass(1_000);
  }
  expect(world.folded()).toEqual(world.walk());
  expect(status().mode).toBe('native');
});
