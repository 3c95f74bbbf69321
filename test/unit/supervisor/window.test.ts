import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  diffResources,
  nodeEnvironment,
  readInFlight,
  startSystem,
  type InFlight,
} from '#codi/supervisor/index.js';
import { deadline } from '../../support/deadline.ts';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

describe('the flight recorder', () => {
  it('keeps the last 32 headers over incarnations, with waiting and handling times, and no payload', async () => {
    const probe = new Probe();
    const { clock } = probe.environment;
    await probe.start({ children: [probe.worker('a')], ...roomy });
    for (let count = 0; count < 40; count += 1) probe.send('a', { type: 'note', text: 'secret' });
    await probe.settle();
    probe.send('a', { type: 'explode' });
    await probe.settle();
    const recent = probe.system.recent('a');
    if (recent === 'noproc') throw new Error('it is there');
    expect(recent).toHaveLength(32);
    expect(recent.at(-1)).toEqual({
      type: 'explode',
      at: clock.nowMs(),
      waitMs: 0,
      handleMs: 0,
      outcome: 'crashed',
      epoch: 1,
    });
    expect(JSON.stringify(recent)).not.toContain('secret');
    expect(probe.system.recent('root')).toBe('noproc');
  });
});

describe('statistics', () => {
  it('count what came, went, failed and waits, and how long it took', async () => {
    const probe = new Probe();
    const mailbox = { limitCount: 2, limitBytes: 100, overflow: 'dropNew' as const };
    const relay = probe.worker(
      'a',
      {},
      { receive: () => void probe.send('b', { type: 'drained' }) },
    );
    await probe.start({ children: [relay, probe.worker('b', { mailbox })], ...roomy });
    let timeMs = 0;
    const still = probe.environment.clock.monotonicMs;
    // Each look at the clock finds it a millisecond later.
    probe.environment.clock.monotonicMs = () => (timeMs += 1);
    for (let count = 0; count < 3; count += 1) probe.send('a', { type: 'drained' });
    await probe.settle();
    probe.environment.clock.monotonicMs = still;
    const [a] = probe.system.allStats();
    expect(a).toMatchObject({ path: 'a', messagesIn: 3, messagesOut: 3, errors: 0 });
    expect(a!.busyMs).toBeGreaterThanOrEqual(3);
    expect(a!.handleP50Ms).toBeGreaterThanOrEqual(1);
    expect(a!.handleP99Ms).toBeGreaterThanOrEqual(a!.handleP50Ms);
    for (let count = 0; count < 3; count += 1) probe.send('b', { type: 'explode' });
    await probe.advance(0);
    expect(probe.system.stats('b')).toMatchObject({
      dropped: 1,
      errors: 2,
      restarts: 2,
      restartsInWindow: 2,
    });
    expect(probe.system.stats('ghost')).toBeUndefined();
  });

  it('tell how long the oldest message waits', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    probe.system.suspend('a');
    probe.send('a', { type: 'drained' });
    await probe.advance(70);
    probe.send('a', { type: 'drained' });
    await probe.advance(5);
    expect(probe.system.stats('a')?.mailbox).toMatchObject({ count: 2, oldestAgeMs: 75 });
  });
});

describe('statistics that are switched on', () => {
  it('count from then on, anew when switched on again, and are off after the last look', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const { clock } = probe.environment;
    const startedAt = clock.nowMs();
    const send = async (count: number) => {
      for (let sent = 0; sent < count; sent += 1) probe.send('a', { type: 'note', text: '' });
      await probe.advance(10);
    };
    await send(2);
    expect(probe.system.statistics('a', 'get')).toEqual({ ok: false, error: 'off' });
    expect(probe.system.statistics('ghost', 'on')).toEqual({ ok: false, error: 'noproc' });
    expect(probe.system.statistics('a', 'on')).toMatchObject({
      ok: true,
      statistics: { path: 'a', startedAt: startedAt + 10, at: startedAt + 10, messagesIn: 0 },
    });
    await send(3);
    await probe.crash('a');
    expect(probe.system.statistics('a', 'get')).toMatchObject({
      statistics: { startedAt: startedAt + 10, at: startedAt + 20, messagesIn: 3, restarts: 1 },
    });
    probe.system.statistics('a', 'on');
    await send(1);
    expect(probe.system.statistics('a', 'off')).toMatchObject({ statistics: { messagesIn: 1 } });
    expect(probe.system.statistics('a', 'get')).toEqual({ ok: false, error: 'off' });
  });
});

describe('an actor that keeps the thread', () => {
  it('is marked and reported as unresponsive, not too often', async () => {
    const probe = new Probe();
    let timeMs = 0;
    const spin = probe.worker('a', {}, { receive: () => void (timeMs += 600) });
    await probe.start({ children: [spin], ...roomy });
    probe.environment.clock.monotonicMs = () => timeMs;
    for (let count = 0; count < 3; count += 1) probe.send('a', { type: 'drained' });
    await probe.settle();
    expect(probe.system.stats('a')).toMatchObject({ unresponsive: 3, longestMs: 600 });
    expect(probe.reports.filter(({ kind }) => kind === 'unresponsive')).toMatchObject([
      { path: 'a', epoch: 1, message: 'drained', tookMs: 600 },
    ]);
  });

  it('is named to other threads with its message while it spins', async () => {
    const probe = new Probe();
    const watcher = `
      const { parentPort, workerData } = require('node:worker_threads');
      const words = new Int32Array(workerData.gate);
      import(workerData.module).then(({ readInFlight }) => {
        parentPort.postMessage('up');
        Atomics.wait(words, 0, 0);
        parentPort.postMessage(readInFlight(workerData.buffer));
        Atomics.store(words, 1, 1);
      });`;
    const gate = new SharedArrayBuffer(8);
    const words = new Int32Array(gate);
    const spin = probe.worker(
      'spinner',
      {},
      {
        receive: () => {
          Atomics.store(words, 0, 1);
          Atomics.notify(words, 0);
          while (Atomics.load(words, 1) === 0);
        },
      },
    );
    const root = {
      type: 'supervisor',
      id: 'root',
      strategy: 'one_for_one',
      children: [spin],
    } as const;
    const system = await startSystem(root, { environment: nodeEnvironment() });
    const buffer = system.inFlightBuffer();
    expect(readInFlight(buffer)).toBeUndefined();
    const module = new URL('../../../dist/supervisor/in-flight.js', import.meta.url).href;
    const worker = new Worker(watcher, { eval: true, workerData: { buffer, gate, module } });
    const next = () => new Promise((resolve) => worker.once('message', resolve));
    await deadline('watcher', next());
    const before = Date.now();
    system.ref('spinner').send({ type: 'drained' });
    const seen = (await deadline('answer', next())) as InFlight;
    expect(seen).toMatchObject({ path: 'spinner', epoch: 1, type: 'drained' });
    expect(seen.sinceMs).toBeGreaterThanOrEqual(before - 5);
    expect(seen.sinceMs).toBeLessThanOrEqual(Date.now());
    await worker.terminate();
    await deadline('stop', system.stop());
  });
});

describe('resources, counted', () => {
  it('tell who holds more than before, the most grown first', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a'), probe.worker('b')], ...roomy });
    const before = probe.system.resourceCounts();
    expect(before).toContainEqual({ path: 'a', kind: 'cleanup', count: 1, oldestAgeMs: 0 });
    await probe.crash('b');
    expect(diffResources(before, probe.system.resourceCounts())).toEqual([]);
    const hold = (path: string, count: number) => {
      for (let held = 0; held < count; held += 1)
        probe.cells.get(path)!.scope.defer('socket', () => undefined, 'socket');
    };
    hold('a', 2);
    hold('b', 3);
    await probe.advance(7);
    const between = probe.system.resourceCounts();
    expect(between).toContainEqual({ path: 'b', kind: 'socket', count: 3, oldestAgeMs: 7 });
    expect(diffResources(before, between)).toEqual([
      { path: 'b', kind: 'socket', before: 0, after: 3 },
      { path: 'a', kind: 'socket', before: 0, after: 2 },
    ]);
    await probe.crash('b');
    expect(diffResources(between, probe.system.resourceCounts())).toEqual([
      { path: 'b', kind: 'socket', before: 3, after: 0 },
    ]);
  });
});

describe('resources', () => {
  it('of all incarnations are listed by name, kind, age and owner, and go with them', async () => {
    const probe = new Probe();
    const spec = probe.worker(
      'a',
      {},
      {
        onStart: (cell) => {
          cell.scope.defer('socket', () => undefined, 'socket');
          cell.scope.after(500, () => undefined);
        },
      },
    );
    await probe.start({ children: [spec, probe.worker('b')], ...roomy });
    await probe.advance(100);
    expect(probe.system.resources('a')).toEqual([
      { name: 'journal', kind: 'cleanup', ageMs: 100, owner: 'a#1' },
      { name: 'socket', kind: 'socket', ageMs: 100, owner: 'a#1' },
      { name: '500 ms', kind: 'timer', ageMs: 100, owner: 'a#1' },
    ]);
    expect(probe.system.resources(undefined, 2)).toHaveLength(2);
    await probe.during(probe.system.terminateChild('root', 'a'));
    expect(probe.system.resources('a')).toEqual([]);
  });
});
