import { describe, expect, it } from 'vitest';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

async function started() {
  const probe = new Probe();
  await probe.start({ children: [probe.worker('a')], ...roomy });
  return { probe, scope: probe.cells.get('a')!.scope };
}

describe('a scope', () => {
  it('runs timers until they are cancelled or it ends', async () => {
    const { probe, scope } = await started();
    const fired: string[] = [];
    scope.after(100, () => fired.push('after'));
    scope.after(100, () => fired.push('cancelled'))();
    scope.every(50, () => fired.push('every'));
    const cancel = scope.every(60, () => fired.push('never'));
    cancel();
    await probe.advance(120);
    expect(fired).toEqual(['every', 'after', 'every']);
    await probe.crash('a');
    await probe.advance(500);
    expect(fired).toHaveLength(3);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('crashes its cell by a timer that throws, and then fires no more', async () => {
    const { probe, scope } = await started();
    let calls = 0;
    scope.every(50, () => {
      calls += 1;
      throw new Error('tick');
    });
    await probe.advance(200);
    expect(calls).toBe(1);
    expect(probe.node('a')?.lastExit?.reason).toBe('crashed: Error: tick');
  });

  it('hands results of wrapped callbacks through', async () => {
    const { scope } = await started();
    expect(scope.wrap((a: number, b: number) => a + b)(1, 2)).toBe(3);
  });

  it('is over after the end: late cleanups run at once, timers not at all, the signal is aborted', async () => {
    const { probe, scope } = await started();
    const before = scope.signal;
    expect(before.aborted).toBe(false);
    await probe.crash('a');
    expect(before.aborted).toBe(true);
    expect(scope.signal.aborted).toBe(true);
    const log: string[] = [];
    scope.defer('late', () => void log.push('late'));
    scope.after(1, () => log.push('timer'));
    await probe.advance(10);
    expect(log).toEqual(['late']);
  });

  it('runs what a cleanup defers while it runs', async () => {
    const { probe, scope } = await started();
    const log: string[] = [];
    scope.defer('outer', async () => {
      await Promise.resolve();
      scope.defer('inner', () => void log.push('inner'));
      log.push('outer');
    });
    await probe.crash('a');
    expect(log).toEqual(['outer', 'inner']);
    expect(probe.epoch('a')).toBe(2);
  });
});
