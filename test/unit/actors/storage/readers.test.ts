import { ReaderPort, readersSpec, type ReaderPool } from '#codi/actors/storage/readers.actor.js';
import { CodiError } from '#codi/protocol/errors.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld } from '../../../support/actor-world.ts';

interface Run {
  task: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

class FakePool implements ReaderPool {
  readonly runs: Run[] = [];
  readonly threads = 2;
  closes = 0;

  run(task: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.runs.push({ task, resolve, reject });
    });
  }

  async close(): Promise<void> {
    this.closes += 1;
    for (const run of this.runs) run.reject(new Error('the pool is closed'));
  }
}

let world: ActorWorld;
let port: ReaderPort;
let pools: FakePool[];
const pool = () => pools.at(-1)!;

const damages: object[] = [];

beforeEach(async () => {
  port = new ReaderPort();
  pools = [];
  const createPool = () => {
    pools.push(new FakePool());
    return pool();
  };
  world = await ActorWorld.start([
    readersSpec({ port, createPool, onDamage: (damage) => void damages.push(damage) }),
  ]);
});

test('A read is run in the pool and gives its rows.', async () => {
  const read = port.run('producerSequence', { producerId: 'p' });
  expect(pool().runs.map(({ task }) => task)).toEqual(['producerSequence']);
  pool().runs[0]!.resolve(7);
  await expect(read).resolves.toBe(7);
  expect(world.node('readers')).toMatchObject({ state: 'idle', note: '2 threads' });
});

test('A failure that a task reported keeps its code, a broken task stays broken.', async () => {
  const reported = port.run('totals', {});
  pool().runs[0]!.reject(new CodiError('CODI_CURSOR_INVALID').toWire());
  await expect(reported).rejects.toMatchObject({ code: 'CODI_CURSOR_INVALID' });
  const broken = port.run('totals', {});
  pool().runs[1]!.reject(new TypeError('undefined is not a function'));
  await expect(broken).rejects.toThrow(TypeError);
});

test('While the readers restart, reads are told to come again, also the running ones.', async () => {
  await expect(new ReaderPort().run('totals', {})).rejects.toMatchObject({
    code: 'CODI_STORAGE_UNAVAILABLE',
  });
  const running = port.run('totals', {});
  const outcome = expect(running).rejects.toMatchObject({ code: 'CODI_STORAGE_UNAVAILABLE' });
  await world.kill('readers');
  await outcome;
  expect(pools.map(({ closes }) => closes)).toEqual([1, 0]);
  const next = port.run('totals', {});
  pool().runs[0]!.resolve('answered');
  await expect(next).resolves.toBe('answered');
});

test('An earlier pool that ends late does not take the next one away.', async () => {
  const [first] = pools;
  await world.kill('readers');
  port.detach(first!);
  const read = port.run('totals', {});
  pool().runs[0]!.resolve(1);
  await expect(read).resolves.toBe(1);
});

test('Stopping closes the pool and takes no more reads.', async () => {
  const stopping = world.system.stop();
  await world.settle();
  await expect(stopping).resolves.toMatchObject({ unstopped: [] });
  expect(pool().closes).toBeGreaterThan(0);
  await expect(port.run('totals', {})).rejects.toMatchObject({ code: 'CODI_STORAGE_UNAVAILABLE' });
});
