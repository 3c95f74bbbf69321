import { describe, expect, it } from 'vitest';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };
const notes = (probe: Probe) => probe.journal.filter((line) => line.startsWith('note'));

describe('a suspended actor', () => {
  async function suspended(overrides = {}) {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', overrides)], ...roomy });
    expect(probe.system.suspend('a', 1_000)).toMatchObject({ ok: true, epoch: 1 });
    return probe;
  }

  it('handles nothing, shows it, and goes on in order when it is resumed', async () => {
    const probe = await suspended();
    probe.send('a', { type: 'note', text: '1' });
    probe.cells.get('a')!.raise({ type: 'note', text: 'raised' });
    await probe.settle();
    expect(notes(probe)).toEqual([]);
    expect(probe.node('a')).toMatchObject({ state: 'suspended', mailbox: { count: 1 } });
    expect(probe.system.resume('a')).toEqual({ ok: true, wasSuspended: true });
    await probe.settle();
    expect(notes(probe)).toEqual(['note a: raised', 'note a: 1']);
  });

  it('can be suspended and resumed again without a difference', async () => {
    const probe = await suspended();
    expect(probe.system.suspend('a', 1_000)).toMatchObject({ ok: true });
    probe.system.resume('a');
    expect(probe.system.resume('a')).toEqual({ ok: true, wasSuspended: false });
    expect(probe.kinds().filter((kind) => kind === 'suspended')).toHaveLength(1);
    expect(probe.kinds().filter((kind) => kind === 'resumed')).toHaveLength(1);
  });

  it('is resumed by itself when its time is over', async () => {
    const probe = await suspended();
    probe.send('a', { type: 'note', text: '1' });
    await probe.advance(999);
    expect(notes(probe)).toEqual([]);
    await probe.advance(1);
    expect(notes(probe)).toEqual(['note a: 1']);
    expect(probe.reports.at(-1)).toMatchObject({ kind: 'resumed', why: 'expired' });
  });

  it('keeps the limits of its mailbox', async () => {
    const probe = await suspended({
      mailbox: { limitCount: 2, limitBytes: 10, overflow: 'dropNew' },
    });
    const results = [1, 2, 3].map(() => probe.send('a', { type: 'drained' }));
    expect(results).toEqual(['queued', 'queued', 'dropped']);
  });

  it('still answers inspection, and ends when it is asked to or killed', async () => {
    const probe = await suspended();
    expect(probe.system.inspectMachine('a')).toMatchObject({ ok: true });
    expect(probe.system.explainWhy('a')).toMatchObject({ causes: [{ kind: 'suspended' }] });
    probe.system.kill('a');
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
    probe.system.suspend('a');
    await probe.during(probe.system.stop());
    expect(probe.journal.at(-1)).toBe('end a');
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('must be a running worker', async () => {
    const probe = await suspended();
    expect(probe.system.suspend('ghost')).toEqual({ ok: false, error: 'noproc' });
    expect(probe.system.suspend('root')).toEqual({ ok: false, error: 'supervisor' });
    expect(probe.system.suspend('a', 0)).toEqual({ ok: false, error: 'invalid' });
    await probe.during(probe.system.terminateChild('root', 'a'));
    expect(probe.system.suspend('a')).toEqual({ ok: false, error: 'not_running' });
    expect(probe.system.resume('ghost')).toEqual({ ok: false, error: 'noproc' });
  });
});

describe('an operator', () => {
  it('restarts an actor well, uncounted, with a reason that is kept', async () => {
    const probe = new Probe();
    const worker = probe.worker(
      'a',
      {},
      { onShutdown: 'drain', onDrain: (cell) => cell.raise({ type: 'drained' }) },
    );
    await probe.start({ children: [worker], intensity: 0 });
    await probe.during(probe.system.restartActor('a', { why: 'new config' }));
    expect(probe.node('a')).toMatchObject({
      epoch: 2,
      state: 'idle',
      lastExit: { reason: 'restarted by operator: new config' },
    });
    expect(probe.endReason).toBeUndefined();
  });

  it('restarts a transient actor too, and a supervisor with its children', async () => {
    const probe = new Probe();
    const inner = {
      type: 'supervisor',
      id: 'in',
      strategy: 'one_for_one',
      children: [probe.worker('a', { restart: 'transient' }), probe.worker('b')],
    } as const;
    await probe.start({ children: [inner], intensity: 0 });
    await probe.during(probe.system.restartActor('in/a'));
    expect(probe.epoch('in/a')).toBe(2);
    probe.clear();
    await probe.during(probe.system.restartActor('in'));
    expect(probe.journal).toEqual(['end b', 'end a', 'start a', 'start b']);
  });

  it('gives one that does not end only its time', async () => {
    const probe = new Probe();
    await probe.start({
      children: [probe.worker('a', { shutdown: 100 }, { onShutdown: 'ignore' })],
      intensity: 0,
    });
    await probe.during(probe.system.restartActor('a'));
    await probe.advance(100);
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
    expect(probe.system.unstopped()).toMatchObject([{ path: 'a' }]);
  });

  it('may let a kill or restart count like a crash', async () => {
    for (const verb of ['kill', 'restartActor'] as const) {
      const probe = new Probe();
      await probe.start({ children: [probe.worker('a')], intensity: 0 });
      void probe.system[verb]('a', { isCounted: true, why: 'drill' });
      await probe.settle();
      expect(probe.endReason).toBe('shutdown');
    }
  });

  it('stops an actor for good, and brings it back', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    await probe.during(probe.system.stopActor('a', { why: 'too loud' }));
    expect(probe.node('a')).toMatchObject({
      state: 'stopped',
      lastExit: { reason: 'stopped by operator: too loud' },
    });
    expect(probe.system.explainWhy('a')).toMatchObject({
      isRunning: false,
      causes: [{ kind: 'stoppedByOperator' }],
    });
    await probe.during(probe.system.restartActor('a'));
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
  });

  it('cannot stop or restart the root or nobody', async () => {
    const probe = new Probe();
    await probe.start({ children: [] });
    for (const verb of ['stopActor', 'restartActor'] as const) {
      expect(await probe.system[verb]('root')).toEqual({ ok: false, error: 'root' });
      expect(await probe.system[verb]('ghost')).toEqual({ ok: false, error: 'noproc' });
    }
  });
});
