import { describe, expect, it } from 'vitest';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

async function abc(strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one') {
  const probe = new Probe();
  const children = ['a', 'b', 'c'].map((id) => probe.worker(id));
  await probe.start({ strategy, children, ...roomy });
  probe.clear();
  return probe;
}

describe('restart strategies', () => {
  it('starts children in order and stops them in reverse, each awaited', async () => {
    const probe = new Probe();
    const children = ['a', 'b', 'c'].map((id) => probe.worker(id));
    await probe.start({ children });
    await probe.during(probe.system.stop());
    expect(probe.journal).toEqual(['start a', 'start b', 'start c', 'end c', 'end b', 'end a']);
  });

  it('restarts only the dead child with one_for_one', async () => {
    const probe = await abc('one_for_one');
    await probe.crash('b');
    expect(probe.journal).toEqual(['end b', 'start b']);
    expect([probe.epoch('a'), probe.epoch('b'), probe.epoch('c')]).toEqual([1, 2, 1]);
  });

  it('stops the others in reverse and starts all in order with one_for_all', async () => {
    const probe = await abc('one_for_all');
    await probe.crash('b');
    expect(probe.journal).toEqual(['end b', 'end c', 'end a', 'start a', 'start b', 'start c']);
  });

  it('restarts the dead child and those started after it with rest_for_one', async () => {
    const probe = await abc('rest_for_one');
    await probe.crash('b');
    expect(probe.journal).toEqual(['end b', 'end c', 'start b', 'start c']);
    expect(probe.epoch('a')).toBe(1);
  });

  it('counts a group restart once', async () => {
    const probe = new Probe();
    const children = ['a', 'b', 'c'].map((id) => probe.worker(id));
    await probe.start({ strategy: 'one_for_all', children, intensity: 2, periodMs: 1_000 });
    await probe.crash('a');
    await probe.crash('c');
    expect(probe.endReason).toBeUndefined();
    await probe.crash('b');
    expect(probe.endReason).toBe('shutdown');
    expect(probe.kinds()).toContain('meltdown');
  });

  it('drops temporary siblings of a group restart with their specs', async () => {
    const probe = new Probe();
    const children = [
      probe.worker('a'),
      probe.worker('t', { restart: 'temporary' }),
      probe.worker('c'),
    ];
    await probe.start({ strategy: 'one_for_all', children, ...roomy });
    probe.clear();
    await probe.crash('c');
    expect(probe.journal).toEqual(['end c', 'end t', 'end a', 'start a', 'start c']);
    expect(probe.system.getChildSpec('root', 't')).toBe('not_found');
  });

  it('keeps permanent children for ever, transient ones unless they end well, temporary ones never', async () => {
    const probe = new Probe();
    const children = (['permanent', 'transient', 'temporary'] as const).map((restart) =>
      probe.worker(restart, { restart }),
    );
    await probe.start({ children, ...roomy });
    for (const id of ['permanent', 'transient', 'temporary']) probe.send(id, { type: 'finish' });
    await probe.settle();
    expect(probe.epoch('permanent')).toBe(2);
    expect(probe.node('transient')?.state).toBe('stopped');
    expect(probe.node('temporary')).toBeUndefined();
    expect(probe.send('transient', { type: 'finish' })).toBe('noproc');
  });

  it('restarts a transient child that crashed', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { restart: 'transient' })], ...roomy });
    await probe.crash('a');
    expect(probe.epoch('a')).toBe(2);
  });

  it('allows exactly intensity restarts within the period', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], intensity: 2, periodMs: 1_000 });
    await probe.crash('a');
    await probe.advance(999);
    await probe.crash('a');
    await probe.advance(2);
    await probe.crash('a');
    expect(probe.endReason).toBeUndefined();
    await probe.crash('a');
    expect(probe.endReason).toBe('shutdown');
    expect(probe.journal.filter((line) => line === 'start a')).toHaveLength(4);
  });

  it('does not let a jump of the wall clock count as time', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], intensity: 1, periodMs: 1_000 });
    await probe.crash('a');
    probe.environment.clock.jumpWallClock(3_600_000);
    await probe.crash('a');
    expect(probe.endReason).toBe('shutdown');
  });

  it('never restarts with intensity 0', async () => {
    const probe = new Probe();
    const children = [probe.worker('a'), probe.worker('b')];
    await probe.start({ children, intensity: 0 });
    probe.clear();
    await probe.crash('a');
    expect(probe.journal).toEqual(['end a', 'end b']);
    expect(probe.endReason).toBe('shutdown');
  });

  it('forgives everything when a supervisor is restarted', async () => {
    const probe = new Probe();
    const backoff = { minMs: 100, maxMs: 1_000, factor: 2, jitter: 0, resetAfterMs: 1_000_000 };
    const inner = {
      type: 'supervisor' as const,
      id: 'inner',
      strategy: 'one_for_one' as const,
      intensity: 1,
      periodMs: 1_000_000,
      children: [probe.worker('x', { backoff })],
    };
    await probe.start({ children: [inner], intensity: 0 });
    for (let round = 0; round < 3; round += 1) {
      await probe.crash('inner/x');
      expect(probe.node('inner/x')?.state).toBe('backing-off');
      await probe.advance(100);
      expect(probe.node('inner/x')?.state).toBe('idle');
      probe.system.kill('inner');
      await probe.settle();
    }
    expect(probe.epoch('inner')).toBe(4);
    expect(probe.endReason).toBeUndefined();
  });

  it('passes a meltdown to the parent as an exit with reason shutdown', async () => {
    const probe = new Probe();
    const inner = (id: string, restart: 'permanent' | 'transient') => ({
      type: 'supervisor' as const,
      id,
      strategy: 'one_for_one' as const,
      intensity: 0,
      restart,
      children: [probe.worker('x')],
    });
    await probe.start({
      children: [inner('kept', 'permanent'), inner('let', 'transient')],
      ...roomy,
    });
    await probe.crash('kept/x');
    await probe.crash('let/x');
    expect(probe.epoch('kept')).toBe(2);
    expect(probe.epoch('kept/x')).toBe(2);
    expect(probe.node('let')?.state).toBe('stopped');
    expect(probe.send('let/x', { type: 'finish' })).toBe('noproc');
    expect(probe.endReason).toBeUndefined();
  });
});
