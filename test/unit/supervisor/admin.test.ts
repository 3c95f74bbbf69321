import { describe, expect, it } from 'vitest';
import type { ActorSpec } from '#codi/supervisor/index.js';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

async function answer<T>(probe: Probe, work: Promise<T>): Promise<T> {
  await probe.during(work);
  return work;
}

describe('startChild', () => {
  it('adds a child at the end, and refuses an id that is there', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { restart: 'transient' })], ...roomy });
    const { system } = probe;
    expect(await answer(probe, system.startChild('root', probe.worker('b')))).toEqual({
      ok: true,
      path: 'b',
    });
    const again = () => answer(probe, system.startChild('root', probe.worker('a')));
    expect(await again()).toEqual({ ok: false, error: 'already_started' });
    probe.send('a', { type: 'finish' });
    await probe.settle();
    expect(await again()).toEqual({ ok: false, error: 'already_present' });
    expect(system.whichChildren('root')).toEqual([
      { id: 'b', path: 'b', type: 'worker', child: 1 },
      { id: 'a', path: 'a', type: 'worker', child: undefined },
    ]);
  });

  it('keeps no spec of a child whose start failed', async () => {
    const probe = new Probe();
    await probe.start({});
    const broken = probe.worker(
      'x',
      {},
      {
        onStart: () => {
          throw new Error('no');
        },
      },
    );
    expect(await answer(probe, probe.system.startChild('root', broken))).toMatchObject({
      ok: false,
      error: { startFailed: { kind: 'startFailed' } },
    });
    expect(probe.system.getChildSpec('root', 'x')).toBe('not_found');
    expect(probe.system.ref('x').send({})).toBe('noproc');
    expect(probe.endReason).toBeUndefined();
  });

  it('refuses wrong specs, taken names, unknown supervisors and too many children', async () => {
    const probe = new Probe();
    await probe.start({
      children: [
        { type: 'supervisor', id: 'd', strategy: 'dynamic', maxChildren: 1, ...roomy },
        probe.worker('a', { name: 'taken' }),
      ],
      ...roomy,
    });
    const start = (supervisor: string, spec: ActorSpec) =>
      answer(probe, probe.system.startChild(supervisor, spec));
    expect(await start('nowhere', probe.worker('x'))).toEqual({ ok: false, error: 'noproc' });
    expect(await start('a', probe.worker('x'))).toEqual({ ok: false, error: 'noproc' });
    const named = await start('d', probe.worker('x', { name: 'taken' }));
    expect(named).toEqual({ ok: false, error: 'already_started' });
    expect(await start('d', probe.worker(''))).toMatchObject({ ok: false });
    const significant = probe.worker('s', { significant: true, restart: 'transient' });
    expect(await start('d', significant)).toMatchObject({ ok: false });
    expect(await start('d', probe.worker('x'))).toMatchObject({ ok: true });
    await probe.crash('d/x');
    expect(await start('d', probe.worker('y'))).toEqual({ ok: false, error: 'max_children' });
  });
});

describe('terminateChild', () => {
  it('stops a child, keeps its spec, and can be repeated', async () => {
    const probe = new Probe();
    await probe.start({
      children: [probe.worker('a'), probe.worker('t', { restart: 'temporary' })],
    });
    const terminate = (id: string) => answer(probe, probe.system.terminateChild('root', id));
    expect(await terminate('a')).toBe('ok');
    expect(await terminate('a')).toBe('ok');
    expect(await terminate('t')).toBe('ok');
    expect(await terminate('t')).toBe('not_found');
    expect(await terminate('nobody')).toBe('not_found');
    expect(probe.node('a')).toMatchObject({ state: 'stopped', epoch: 1 });
    expect(probe.send('a', { type: 'finish' })).toBe('noproc');
    expect(probe.kinds()).not.toContain('shutdownError');
  });

  it('ends a restart that is under way, and the child stays down', async () => {
    const probe = new Probe();
    let isSlow = false;
    const a: ActorSpec = {
      ...probe.worker('a'),
      start: (cell) => probe.worker('a', {}, { isSlow }).start(cell),
    };
    await probe.start({ children: [a], ...roomy });
    isSlow = true;
    await probe.crash('a');
    expect(probe.node('a')?.state).toBe('starting');
    expect(await answer(probe, probe.system.terminateChild('root', 'a'))).toBe('ok');
    await probe.advance(60_000);
    expect(probe.node('a')).toMatchObject({ state: 'stopped', epoch: 2 });
    expect(probe.endReason).toBeUndefined();
  });

  it('ends a child that a group restart is just starting, and the group goes on without it', async () => {
    const probe = new Probe();
    let isSlow = false;
    const b: ActorSpec = {
      ...probe.worker('b'),
      start: (cell) => probe.worker('b', {}, { isSlow }).start(cell),
    };
    const children = [probe.worker('a'), b, probe.worker('c')];
    await probe.start({ strategy: 'one_for_all', children, ...roomy });
    isSlow = true;
    await probe.crash('a');
    expect(probe.node('b')?.state).toBe('starting');
    expect(await answer(probe, probe.system.terminateChild('root', 'b'))).toBe('ok');
    await probe.settle();
    expect(['a', 'b', 'c'].map((id) => probe.epoch(id))).toEqual([2, 2, 2]);
    expect(['a', 'b', 'c'].map((id) => probe.node(id)?.state)).toEqual(['idle', 'stopped', 'idle']);
  });

  it('takes one child out of a group that waits for its restart', async () => {
    const probe = new Probe();
    const backoff = { minMs: 100, maxMs: 100, factor: 1, jitter: 0, resetAfterMs: 1_000 };
    const children = [probe.worker('a', { backoff }), probe.worker('b'), probe.worker('c')];
    await probe.start({ strategy: 'one_for_all', children, ...roomy });
    await probe.crash('a');
    expect(await answer(probe, probe.system.terminateChild('root', 'b'))).toBe('ok');
    await probe.advance(100);
    expect(['a', 'b', 'c'].map((id) => probe.epoch(id))).toEqual([2, 1, 2]);
    expect(probe.node('b')?.state).toBe('stopped');
  });
});

describe('restartChild and deleteChild', () => {
  it('answer as OTP does in every state of the child', async () => {
    const probe = new Probe();
    const backoff = { minMs: 100, maxMs: 100, factor: 1, jitter: 0, resetAfterMs: 1_000 };
    await probe.start({ children: [probe.worker('a', { backoff })], ...roomy });
    const { system } = probe;
    const restart = (id = 'a') => answer(probe, system.restartChild('root', id));
    const remove = (id = 'a') => answer(probe, system.deleteChild('root', id));
    expect(await restart()).toEqual({ ok: false, error: 'running' });
    expect(await remove()).toBe('running');
    expect(await restart('nobody')).toEqual({ ok: false, error: 'not_found' });
    expect(await remove('nobody')).toBe('not_found');
    await probe.crash('a');
    expect(await restart()).toEqual({ ok: false, error: 'restarting' });
    expect(await remove()).toBe('restarting');
    await answer(probe, system.terminateChild('root', 'a'));
    expect(await restart()).toEqual({ ok: true, path: 'a' });
    expect(probe.node('a')).toMatchObject({ state: 'idle', epoch: 2 });
    await answer(probe, system.terminateChild('root', 'a'));
    expect(await remove()).toBe('ok');
    expect(system.getChildSpec('root', 'a')).toBe('not_found');
    expect(system.ref('a').send({})).toBe('noproc');
  });

  it('are not for dynamic supervisors', async () => {
    const probe = new Probe();
    await probe.start({ children: [{ type: 'supervisor', id: 'd', strategy: 'dynamic' }] });
    expect(await probe.system.restartChild('d', 'x')).toEqual({ ok: false, error: 'dynamic' });
    expect(await probe.system.deleteChild('d', 'x')).toBe('dynamic');
    expect(await probe.system.deleteChild('nowhere', 'x')).toBe('noproc');
    expect(await probe.system.restartChild('nowhere', 'x')).toEqual({ ok: false, error: 'noproc' });
    expect(await probe.system.terminateChild('nowhere', 'x')).toBe('not_found');
    expect(probe.system.whichChildren('nowhere')).toBe('noproc');
    expect(probe.system.countChildren('nowhere')).toBe('noproc');
    expect(probe.system.getChildSpec('nowhere', 'x')).toBe('noproc');
  });
});

describe('a dynamic supervisor', () => {
  it('lets many children come and go and keeps nothing of them', async () => {
    const probe = new Probe();
    await probe.start({ children: [{ type: 'supervisor', id: 'd', strategy: 'dynamic' }] });
    probe.journal.push = () => 0;
    const count = 10_000;
    const started: Promise<unknown>[] = [];
    for (let index = 0; index < count; index += 1) {
      const spec = probe.worker(`c${index}`, { restart: 'temporary' });
      started.push(probe.system.startChild('d', spec));
    }
    await probe.settle();
    expect(probe.system.countChildren('d')).toMatchObject({ specs: count, active: count });
    for (let index = 0; index < count; index += 1) probe.send(`d/c${index}`, { type: 'finish' });
    await probe.settle();
    await Promise.all(started);
    expect(probe.system.countChildren('d')).toMatchObject({ specs: 0, active: 0 });
    expect(probe.environment.clock.pendingTimers).toBe(0);
    expect(probe.system.counters()).toMatchObject({ crashes: 0, deadLetters: 0 });
  });

  it('restarts its children one by one, starts empty again, and stops them side by side', async () => {
    const probe = new Probe();
    await probe.start({
      children: [{ type: 'supervisor', id: 'd', strategy: 'dynamic', ...roomy }],
      ...roomy,
    });
    for (const id of ['x', 'y']) {
      const slow = probe.worker(id, { shutdown: 1_000 }, { onShutdown: 'ignore' });
      await answer(probe, probe.system.startChild('d', slow));
    }
    await probe.crash('d/x');
    expect([probe.epoch('d/x'), probe.epoch('d/y')]).toEqual([2, 1]);
    probe.system.kill('d');
    await probe.settle();
    expect(probe.node('d')).toMatchObject({ epoch: 2, children: [] });
    for (const id of ['x', 'y']) {
      const slow = probe.worker(id, { shutdown: 1_000 }, { onShutdown: 'ignore' });
      await answer(probe, probe.system.startChild('d', slow));
    }
    const stopped = probe.system.stop();
    await probe.advance(1_000);
    await expect(stopped).resolves.toMatchObject({ durationMs: 1_000 });
  });
});
