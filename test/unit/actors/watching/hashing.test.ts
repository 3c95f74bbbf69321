import { beforeEach, expect, test } from 'vitest';
import { HashingPort, hashingSpec, type HashingPool } from '#codi/actors/watching/hashing.actor.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { HashInput, HashResult } from '#codi/workers/hashing/hashing.messages.js';
import { ActorWorld } from '../../../support/actor-world.ts';

const RESULT: HashResult = { outcomes: [], durationMs: 1 };
const input = (root: string): HashInput => ({ root: root as BytePath, files: [], budgetMs: 1 });

class FakePool implements HashingPool {
  readonly runs: { root: string; resolve(result: HashResult): void; reject(error: Error): void }[] =
    [];
  readonly threads = 1;
  isClosed = false;

  run({ root }: HashInput): Promise<HashResult> {
    return new Promise((resolve, reject) => this.runs.push({ root, resolve, reject }));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { reject } of this.runs) reject(new Error('closed'));
  }
}

let world: ActorWorld;
let port: HashingPort;
let pools: FakePool[];
const pool = () => pools.at(-1)!;

beforeEach(async () => {
  port = new HashingPort(2);
  pools = [];
  const createPool = () => {
    pools.push(new FakePool());
    return pool();
  };
  world = await ActorWorld.start([hashingSpec({ port, createPool })]);
});

test('Files that nobody waits for leave a thread free, and take turns.', async () => {
  const first = port.later(input('one'));
  const second = port.later(input('two'));
  const waiting = port.atOnce(input('three'));
  await world.settle();
  expect(pool().runs.map(({ root }) => root)).toEqual(['one', 'three']);
  pool().runs[0]!.resolve(RESULT);
  expect(await first).toBe(RESULT);
  await world.settle();
  expect(pool().runs.map(({ root }) => root)).toEqual(['one', 'three', 'two']);
  for (const { resolve } of pool().runs) resolve(RESULT);
  expect(await Promise.all([second, waiting])).toEqual([RESULT, RESULT]);
  expect(world.node('hashing')).toMatchObject({ state: 'idle', note: '1 thread' });
});

test('While it is away, and when a thread ends, there is no answer and no error.', async () => {
  const asked = port.atOnce(input('one'));
  await world.kill('hashing');
  expect(await asked).toBeUndefined();
  expect(pools[0]!.isClosed).toBe(true);
  await world.environment.clock.advance(1_000);
  const again = port.later(input('two'));
  await world.settle();
  pool().runs[0]!.reject(new Error('the thread ended'));
  expect(await again).toBeUndefined();
  const third = port.later(input('three'));
  await world.settle();
  pool().runs[1]!.resolve(RESULT);
  expect(await third).toBe(RESULT);
});
