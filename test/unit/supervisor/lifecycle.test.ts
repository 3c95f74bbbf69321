import { describe, expect, it } from 'vitest';
import { StartError, startSystem } from '#codi/supervisor/index.js';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

describe('start', () => {
  it('waits for readiness before it starts the next child', async () => {
    const probe = new Probe();
    const children = [probe.worker('a', {}, { isSlow: true }), probe.worker('b')];
    await probe.start({ children });
    expect(probe.journal).toEqual(['start a']);
    probe.cells.get('a')!.raise({ type: 'become.ready' });
    await probe.settle();
    expect(probe.journal).toEqual(['start a', 'start b']);
    expect(probe.system.tree().state).toBe('running');
  });

  it('undoes the start in reverse when a child fails, names it, and does not try again', async () => {
    const probe = new Probe();
    const bad = probe.worker('bad', {}, { onStart: () => raiseError('no disk') });
    const core = {
      type: 'supervisor' as const,
      id: 'core',
      strategy: 'one_for_one' as const,
      children: [probe.worker('b'), bad, probe.worker('never')],
    };
    const error = await probe.start({ children: [probe.worker('a'), core], ...roomy }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).path).toBe('core/bad');
    expect(String(error)).toContain("'core/bad' did not start: start failed: Error: no disk");
    expect(probe.journal).toEqual(['start a', 'start b', 'start bad', 'end bad', 'end b', 'end a']);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('fails when a child is not ready in time', async () => {
    const probe = new Probe();
    const slow = probe.worker('slow', { startTimeoutMs: 500 }, { isSlow: true });
    const starting = startSystem(
      {
        type: 'supervisor',
        id: 'root',
        strategy: 'one_for_one',
        children: [probe.worker('a'), slow],
      },
      { environment: probe.environment, onReport: (report) => probe.reports.push(report) },
    );
    const outcome = starting.then(
      () => 'started',
      (error: unknown) => String(error),
    );
    await probe.advance(499);
    expect(probe.kinds()).not.toContain('startFailed');
    await probe.advance(1);
    await expect(outcome).resolves.toContain("'slow' did not start: not ready after 500 ms");
    expect(probe.reports.find((report) => report.kind === 'startFailed')).toMatchObject({
      path: 'slow',
      reason: { kind: 'startTimeout', afterMs: 500 },
    });
    expect(probe.journal).toEqual(['start a', 'start slow', 'end slow', 'end a']);
  });

  it('counts a final state before readiness as a failed start', async () => {
    const probe = new Probe();
    const children = [
      probe.worker('a', {}, { isSlow: true, onStart: (cell) => cell.raise({ type: 'finish' }) }),
    ];
    await expect(probe.start({ children })).rejects.toThrow('ended before it was ready');
  });

  it('counts a machine that throws before readiness as a failed start', async () => {
    const probe = new Probe();
    const children = [
      probe.worker('a', {}, { isSlow: true, onStart: (cell) => cell.raise({ type: 'explode' }) }),
    ];
    await expect(probe.start({ children })).rejects.toThrow('machine exploded');
  });

  it('fails when a child is killed during its start', async () => {
    const probe = new Probe();
    await probe.start({ children: [supervisorOf(probe, 'inner')], ...roomy });
    const added = probe.system.startChild('inner', probe.worker('slow', {}, { isSlow: true }));
    await probe.settle();
    expect(probe.system.kill('inner/slow')).toMatchObject({ ok: true, epoch: 1, type: 'worker' });
    await probe.settle();
    await expect(added).resolves.toEqual({
      ok: false,
      error: { startFailed: { kind: 'killed', by: 'operator' } },
    });
    expect(probe.node('inner/slow')).toBeUndefined();
  });

  it('refuses wrong specs before anything starts', async () => {
    const probe = new Probe();
    const permanentSignificant = probe.worker('a', { significant: true });
    await expect(
      probe.start({ children: [permanentSignificant], autoShutdown: 'any_significant' }),
    ).rejects.toThrow('a permanent child cannot be significant');
    const significant = probe.worker('a', { significant: true, restart: 'transient' });
    await expect(probe.start({ children: [significant] })).rejects.toThrow('autoShutdown');
    const twins = [probe.worker('a'), probe.worker('a')];
    await expect(probe.start({ children: twins })).rejects.toThrow("two children have the id 'a'");
    const named = [probe.worker('a', { name: 'n' }), probe.worker('b', { name: 'n' })];
    await expect(probe.start({ children: named })).rejects.toThrow("the name 'n' is taken");
    await expect(probe.start({ intensity: -1 })).rejects.toThrow('intensity');
    expect(probe.journal).toEqual([]);
  });
});

describe('failed restart attempts', () => {
  it('count again and leave the supervisor answering', async () => {
    const probe = new Probe();
    let isBroken = false;
    const flaky = probe.worker(
      'flaky',
      {},
      { onStart: () => isBroken && raiseError('still broken') },
    );
    await probe.start({ children: [flaky, probe.worker('b')], intensity: 1_000, periodMs: 1_000 });
    isBroken = true;
    probe.cells.get('flaky')!.crash(new Error('first'));
    for (let attempt = 0; attempt < 20; attempt += 1) await probe.environment.clock.step();
    expect(probe.system.whichChildren('root')).toContainEqual(
      expect.objectContaining({ id: 'flaky', child: 'restarting' }),
    );
    expect(probe.system.countChildren('root')).toEqual({
      specs: 2,
      active: 1,
      supervisors: 0,
      workers: 2,
    });
    const terminated = probe.system.terminateChild('root', 'flaky');
    await probe.settle();
    await expect(terminated).resolves.toBe('ok');
    expect(probe.node('flaky')?.state).toBe('stopped');
    expect(probe.endReason).toBeUndefined();
  });

  it('melt down when they keep failing', async () => {
    const probe = new Probe();
    let isBroken = false;
    const flaky = probe.worker(
      'flaky',
      {},
      { onStart: () => isBroken && raiseError('still broken') },
    );
    await probe.start({ children: [flaky], intensity: 3, periodMs: 1_000 });
    isBroken = true;
    await probe.crash('flaky');
    expect(probe.endReason).toBe('shutdown');
    expect(probe.journal.filter((line) => line === 'start flaky')).toHaveLength(1 + 3);
  });

  it('stop what one_for_all had restarted before they try again', async () => {
    const probe = new Probe();
    let failures = 0;
    const c = probe.worker('c', {}, { onStart: () => failures-- > 0 && raiseError('not yet') });
    await probe.start({
      strategy: 'one_for_all',
      children: [probe.worker('a'), probe.worker('b'), c],
      ...roomy,
    });
    failures = 1;
    probe.clear();
    await probe.crash('a');
    expect(probe.journal).toEqual([
      ...['end a', 'end c', 'end b'],
      ...['start a', 'start b', 'start c', 'end c', 'end b', 'end a'],
      ...['start a', 'start b', 'start c'],
    ]);
  });

  it('go on from the failing child with rest_for_one', async () => {
    const probe = new Probe();
    let failures = 0;
    const b = probe.worker('b', {}, { onStart: () => failures-- > 0 && raiseError('not yet') });
    await probe.start({
      strategy: 'rest_for_one',
      children: [probe.worker('a'), b, probe.worker('c')],
      ...roomy,
    });
    failures = 1;
    probe.clear();
    await probe.crash('a');
    expect(probe.journal).toEqual([
      ...['end a', 'end c', 'end b'],
      ...['start a', 'start b', 'end b'],
      ...['start b', 'start c'],
    ]);
  });
});

function raiseError(message: string): never {
  throw new Error(message);
}

function supervisorOf(probe: Probe, id: string) {
  const children = [probe.worker(`${id}-child`)];
  return { type: 'supervisor' as const, id, strategy: 'one_for_one' as const, children, ...roomy };
}
