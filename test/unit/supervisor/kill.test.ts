import { describe, expect, it } from 'vitest';
import type { Down, SupervisorSpec } from '#codi/supervisor/index.js';
import { Probe, type ProbeOptions } from './probe.ts';

const backoff = { minMs: 1_000, maxMs: 1_000, factor: 1, jitter: 0, resetAfterMs: 60_000 };

function group(
  id: string,
  children: SupervisorSpec['children'],
  extra: Partial<SupervisorSpec> = {},
) {
  return {
    type: 'supervisor',
    id,
    strategy: 'one_for_one',
    ...(children ? { children } : {}),
    ...extra,
  } as const satisfies SupervisorSpec;
}

describe('a kill by an operator', () => {
  it('brings a child back at once, outside of intensity, budget and backoff', async () => {
    const probe = new Probe();
    const budget = { maxRestarts: 0, withinMs: 60_000, onExhausted: 'escalate' } as const;
    await probe.start({ children: [probe.worker('a', { backoff, budget })], intensity: 0 });
    for (let epoch = 1; epoch <= 50; epoch += 1) {
      expect(probe.system.kill('a')).toEqual({ ok: true, path: 'a', epoch, type: 'worker' });
      await probe.settle();
    }
    expect(probe.node('a')).toMatchObject({
      epoch: 51,
      state: 'idle',
      restarts: 50,
      lastExit: { reason: 'killed by operator' },
    });
    expect(probe.endReason).toBeUndefined();
  });

  it('restarts transient children and lets temporary ones go', async () => {
    const probe = new Probe();
    const children = [
      probe.worker('transient', { restart: 'transient' }),
      probe.worker('temporary', { restart: 'temporary' }),
    ];
    await probe.start({ children, intensity: 0 });
    probe.system.kill('transient');
    probe.system.kill('temporary');
    await probe.settle();
    expect(probe.epoch('transient')).toBe(2);
    expect(probe.node('temporary')).toBeUndefined();
    expect(probe.system.kill('temporary')).toEqual({ ok: false, error: 'noproc' });
  });

  it('takes a supervisor down with its children and its parent brings all back', async () => {
    const probe = new Probe();
    const inner = group('inner', [
      probe.worker('x'),
      probe.worker('y', {}, { onShutdown: 'ignore' }),
    ]);
    await probe.start({ children: [inner, probe.worker('after')], intensity: 0 });
    probe.send('inner/x', { type: 'note', text: 'before' });
    await probe.settle();
    probe.clear();
    expect(probe.system.kill('inner')).toEqual({
      ok: true,
      path: 'inner',
      epoch: 1,
      type: 'supervisor',
    });
    expect(probe.send('inner/x', { type: 'note', text: 'meanwhile' })).toBe('queued');
    await probe.settle();
    expect(probe.journal.slice(0, 2).toSorted()).toEqual(['end x', 'end y']);
    expect(probe.journal.slice(2)).toEqual(['start x', 'note x: meanwhile', 'start y']);
    expect([probe.epoch('inner'), probe.epoch('inner/x'), probe.epoch('after')]).toEqual([2, 2, 1]);
  });

  it('refuses the root and what it does not know', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { restart: 'transient' })] });
    expect(probe.system.kill('root')).toEqual({ ok: false, error: 'root' });
    expect(probe.system.kill('nobody')).toEqual({ ok: false, error: 'noproc' });
    probe.send('a', { type: 'finish' });
    await probe.settle();
    expect(probe.system.kill('a')).toEqual({ ok: false, error: 'noproc' });
  });

  it('finds children whose ids hold slashes', async () => {
    const probe = new Probe();
    await probe.start({ children: [group('watchers', undefined, { strategy: 'dynamic' })] });
    const added = probe.system.startChild('watchers', probe.worker('/home/ana/shop'));
    await probe.settle();
    await expect(added).resolves.toEqual({ ok: true, path: 'watchers//home/ana/shop' });
    expect(probe.system.kill('watchers//home/ana/shop')).toMatchObject({ ok: true });
    await probe.settle();
    expect(probe.epoch('watchers//home/ana/shop')).toBe(2);
  });

  it('hits a child that is starting again, which does not count either', async () => {
    const probe = new Probe();
    let isSlow = false;
    const a = probe.worker('a');
    const slow = { ...a, start: (cell: never) => probe.worker('a', {}, { isSlow }).start(cell) };
    await probe.start({ children: [slow], intensity: 1, periodMs: 60_000 });
    isSlow = true;
    await probe.crash('a');
    expect(probe.node('a')?.state).toBe('starting');
    for (let kill = 0; kill < 5; kill += 1) {
      probe.system.kill('a');
      await probe.settle();
    }
    isSlow = false;
    probe.system.kill('a');
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ state: 'idle', epoch: 8 });
    expect(probe.endReason).toBeUndefined();
  });

  it('hits a child inside a supervisor that is starting again, and the supervisor tries again', async () => {
    const probe = new Probe();
    let isSlow = false;
    const inner = probe.worker('x');
    const x = { ...inner, start: (cell: never) => probe.worker('x', {}, { isSlow }).start(cell) };
    await probe.start({ children: [group('inner', [x])], intensity: 0 });
    isSlow = true;
    probe.system.kill('inner');
    await probe.settle();
    expect(probe.node('inner/x')?.state).toBe('starting');
    isSlow = false;
    expect(probe.system.kill('inner/x')).toMatchObject({ ok: true });
    await probe.settle();
    expect(probe.node('inner/x')?.state).toBe('idle');
    expect(probe.endReason).toBeUndefined();
  });

  it('of a child does not count when others of its group then fail to start', async () => {
    const probe = new Probe();
    const options = { isSlow: false };
    const children = [probe.worker('x'), probe.worker('later', {}, options)];
    const inner = group('inner', children, { strategy: 'rest_for_one' });
    await probe.start({ children: [inner], intensity: 0 });
    options.isSlow = true;
    probe.system.kill('inner');
    await probe.settle();
    expect(probe.node('inner/x')?.state).toBe('idle');
    expect(probe.node('inner/later')?.state).toBe('starting');
    options.isSlow = false;
    probe.system.kill('inner/x');
    await probe.settle();
    expect(probe.endReason).toBeUndefined();
    expect(probe.node('inner')).toMatchObject({ state: 'running', epoch: 3 });
    expect(probe.node('inner/later')?.state).toBe('idle');
  });

  it('ends a child that drains without end', async () => {
    const probe = new Probe();
    const a = probe.worker('a', { shutdown: 'infinity' }, { onShutdown: 'drain' });
    await probe.start({ children: [a] });
    const stopped = probe.system.stop();
    await probe.advance(60_000);
    expect(probe.node('a')?.state).toBe('stopping');
    probe.system.kill('a');
    await probe.during(stopped);
    await expect(stopped).resolves.toMatchObject({ unstopped: [] });
  });

  it('respects the strategy of the supervisor', async () => {
    const probe = new Probe();
    const children = ['a', 'b', 'c'].map((id) => probe.worker(id));
    await probe.start({ strategy: 'rest_for_one', children, intensity: 0 });
    probe.system.kill('b');
    await probe.settle();
    expect([probe.epoch('a'), probe.epoch('b'), probe.epoch('c')]).toEqual([1, 2, 2]);
  });
});

describe('a kill of an inline actor in the middle of its work', () => {
  /** Each kills `a` while something of it goes on. */
  const cases: [string, (probe: Probe) => ProbeOptions, (probe: Probe) => void][] = [
    [
      'by a promise of an effect that is not settled',
      () => ({ onNote: () => new Promise(() => undefined) }),
      (probe) => {
        probe.send('a', { type: 'note', text: 'working' });
        void probe.settle().then(() => probe.system.kill('a'));
      },
    ],
    [
      'in its own turn',
      (probe) => ({ receive: () => void probe.system.kill('a') }),
      (probe) => void probe.send('a', { type: 'drained' }),
    ],
    [
      'in its own callback',
      () => ({}),
      (probe) => probe.cells.get('a')!.scope.wrap(() => void probe.system.kill('a'))(),
    ],
  ];

  it.each(cases)('%s abandons it, says so to everybody, and does not count', async (...one) => {
    const [, optionsOf, work] = one;
    const probe = new Probe();
    const downs: Down[] = [];
    const children = [probe.worker('other'), probe.worker('a', {}, optionsOf(probe))];
    await probe.start({ children, intensity: 0 });
    probe.cells.get('other')!.monitor('a', (down) => void downs.push(down));
    work(probe);
    await probe.settle();
    await probe.settle();
    const reason = { kind: 'abandoned', by: 'operator' };
    expect(downs).toEqual([{ path: 'a', epoch: 1, reason }]);
    expect(probe.system.unstopped()).toMatchObject([
      { path: 'a', reason: 'killed in the middle of its work; abandoned' },
    ]);
    expect(probe.node('a')).toMatchObject({
      epoch: 2,
      lastExit: { reason: 'abandoned by operator' },
    });
    expect(probe.endReason).toBeUndefined();
  });

  it('between two turns is a kill like any other', async () => {
    const probe = new Probe();
    const a = probe.worker('a', {}, { onNote: () => Promise.resolve() });
    await probe.start({ children: [a], intensity: 0 });
    probe.send('a', { type: 'note', text: 'done' });
    await probe.settle();
    probe.system.kill('a');
    await probe.settle();
    expect(probe.node('a')?.lastExit?.reason).toBe('killed by operator');
    expect(probe.system.unstopped()).toEqual([]);
  });
});
