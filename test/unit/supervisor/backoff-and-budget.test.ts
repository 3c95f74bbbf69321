import { describe, expect, it } from 'vitest';
import { backoffDelayMs, type Backoff, type Budget } from '#codi/supervisor/index.js';
import { Probe } from './probe.ts';

const backoff: Backoff = { minMs: 100, maxMs: 1_000, factor: 2, jitter: 0, resetAfterMs: 5_000 };

async function start(budget: Budget | undefined, extra: { intensity?: number } = {}) {
  const probe = new Probe();
  const a = probe.worker('a', { backoff, ...(budget ? { budget } : {}) });
  await probe.start({ children: [a, probe.worker('b')], intensity: 1_000, ...extra });
  return probe;
}

/** Virtual milliseconds from the crash to the next start. */
async function crashAndMeasure(probe: Probe): Promise<number> {
  const epoch = probe.epoch('a')!;
  await probe.crash('a');
  let waitedMs = 0;
  while (probe.epoch('a') === epoch && waitedMs < 100_000) {
    await probe.advance(50);
    waitedMs += 50;
  }
  return waitedMs;
}

describe('backoff', () => {
  it('grows to its maximum and starts anew after a run that was long enough', async () => {
    const probe = await start(undefined);
    const delays: number[] = [];
    for (let crash = 0; crash < 6; crash += 1) delays.push(await crashAndMeasure(probe));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    await probe.advance(5_000);
    expect(await crashAndMeasure(probe)).toBe(100);
  });

  it('keeps jitter below the plain delay', () => {
    const jittered = { ...backoff, jitter: 0.5 };
    expect(backoffDelayMs(jittered, 0, 0)).toBe(100);
    expect(backoffDelayMs(jittered, 0, 0.999)).toBeCloseTo(50, 0);
    expect(backoffDelayMs(jittered, 5_000, 0)).toBe(1_000);
  });

  it('shows the child as backing off, with the time of the next try', async () => {
    const probe = await start(undefined);
    await probe.crash('a');
    expect(probe.node('a')).toMatchObject({
      state: 'backing-off',
      nextRetryMs: probe.environment.clock.nowMs() + 100,
      lastExit: { reason: 'crashed: Error: a crashed' },
    });
    expect(probe.reports.at(-1)).toMatchObject({ kind: 'childExited', delayMs: 100 });
  });

  it('keeps messages sent meanwhile for the next incarnation', async () => {
    const probe = await start(undefined);
    await probe.crash('a');
    expect(probe.send('a', { type: 'note', text: 'patience' })).toBe('queued');
    expect(probe.node('a')?.mailbox.count).toBe(1);
    await probe.advance(100);
    expect(probe.journal.slice(-2)).toEqual(['start a', 'note a: patience']);
  });

  it('is cut short by the shutdown of the system', async () => {
    const probe = await start(undefined);
    await probe.crash('a');
    await probe.during(probe.system.stop());
    expect(probe.environment.clock.pendingTimers).toBe(0);
    await probe.advance(1_000);
    expect(probe.epoch('a')).toBe(1);
  });

  it('is cut short by a kill', async () => {
    const probe = await start(undefined);
    await probe.crash('a');
    expect(probe.system.kill('a')).toEqual({ ok: true, path: 'a', epoch: 1, type: 'worker' });
    await probe.settle();
    expect(probe.epoch('a')).toBe(2);
    await probe.advance(1_000);
    expect(probe.epoch('a')).toBe(2);
  });

  it('delays a whole group, which is down meanwhile', async () => {
    const probe = new Probe();
    const children = [probe.worker('a', { backoff }), probe.worker('b')];
    await probe.start({ strategy: 'one_for_all', children, intensity: 1_000 });
    probe.clear();
    await probe.crash('a');
    expect(probe.journal).toEqual(['end a', 'end b']);
    expect(probe.node('b')?.state).toBe('backing-off');
    await probe.advance(100);
    expect(probe.journal.slice(2)).toEqual(['start a', 'start b']);
  });

  it('applies to failed attempts as well', async () => {
    const probe = new Probe();
    let failures = 0;
    const onStart = () => {
      if (failures-- > 0) throw new Error('not yet');
    };
    await probe.start({ children: [probe.worker('a', { backoff }, { onStart })], intensity: 100 });
    failures = 2;
    await probe.crash('a');
    await probe.advance(100);
    expect(probe.epoch('a')).toBe(2);
    await probe.advance(199);
    expect(probe.epoch('a')).toBe(2);
    await probe.advance(1 + 400);
    expect(probe.epoch('a')).toBe(4);
    expect(probe.node('a')?.state).toBe('idle');
    expect(probe.kinds().filter((kind) => kind === 'startFailed')).toHaveLength(2);
  });
});

describe('the budget of a child', () => {
  it('is counted instead of the intensity of its supervisor', async () => {
    const probe = await start(
      { maxRestarts: 3, withinMs: 60_000, onExhausted: 'escalate' },
      { intensity: 0 },
    );
    for (let crash = 0; crash < 3; crash += 1) await crashAndMeasure(probe);
    expect(probe.endReason).toBeUndefined();
    await probe.crash('a');
    expect(probe.endReason).toBe('shutdown');
  });

  it('parks the child when it is spent; an operator brings it back', async () => {
    const probe = await start({ maxRestarts: 1, withinMs: 60_000, onExhausted: 'park' });
    await crashAndMeasure(probe);
    await probe.crash('a');
    expect(probe.node('a')?.state).toBe('parked');
    expect(probe.send('a', { type: 'finish' })).toBe('noproc');
    await probe.advance(100_000);
    expect(probe.epoch('a')).toBe(2);
    expect(probe.kinds()).toContain('parked');
    expect(probe.epoch('b')).toBe(1);
    expect(probe.system.kill('a')).toMatchObject({ ok: true, epoch: 2 });
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ state: 'idle', epoch: 3 });
    expect(probe.send('a', { type: 'finish' })).toBe('queued');
  });

  it('slows retries down when it is spent, for ever, until the child ran long enough', async () => {
    const budget: Budget = {
      maxRestarts: 2,
      withinMs: 10_000,
      onExhausted: 'retrySlow',
      slowMs: 3_000,
    };
    const probe = await start(budget, { intensity: 0 });
    const delays: number[] = [];
    for (let crash = 0; crash < 6; crash += 1) delays.push(await crashAndMeasure(probe));
    expect(delays).toEqual([100, 200, 3_000, 3_000, 3_000, 3_000]);
    expect(probe.kinds().filter((kind) => kind === 'retrySlow')).toHaveLength(1);
    await probe.advance(10_000);
    expect(await crashAndMeasure(probe)).toBe(100);
    expect(probe.endReason).toBeUndefined();
  });

  it('parks the group that needs the child', async () => {
    const probe = new Probe();
    const budget: Budget = { maxRestarts: 0, withinMs: 1_000, onExhausted: 'park' };
    const children = [probe.worker('a', { budget }), probe.worker('b')];
    await probe.start({ strategy: 'one_for_all', children });
    await probe.crash('a');
    expect([probe.node('a')?.state, probe.node('b')?.state]).toEqual(['parked', 'stopped']);
    probe.system.kill('a');
    await probe.settle();
    expect([probe.epoch('a'), probe.epoch('b')]).toEqual([2, 2]);
  });
});
