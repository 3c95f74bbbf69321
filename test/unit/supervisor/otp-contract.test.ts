import { describe, expect, it } from 'vitest';
import type { SupervisorSpec } from '#codi/supervisor/index.js';
import { Probe } from './probe.ts';

describe("OTP's defaults", () => {
  it.each([
    [4_999, 'shutdown'],
    [5_000, 'shutdown'],
    [5_001, undefined],
  ])('are one restart in 5 s: a second crash %s ms after the first', async (gapMs, end) => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')] });
    await probe.crash('a');
    await probe.advance(gapMs);
    await probe.crash('a');
    expect(probe.endReason).toBe(end);
  });

  it('are permanent and insignificant for children, and never for auto-shutdown', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], intensity: 9 });
    expect(probe.node('a')?.restart).toBe('permanent');
    probe.send('a', { type: 'finish' });
    await probe.settle();
    expect(probe.epoch('a')).toBe(2);
    expect(probe.system.recentReports(1, 'a')[0]?.offender).toMatchObject({
      restartType: 'permanent',
      significant: false,
      shutdown: 5_000,
      childType: 'worker',
    });
  });

  it('are as long as it takes for a supervisor to stop', async () => {
    const probe = new Probe();
    const slow = probe.worker('slow', { shutdown: 'infinity' }, { onShutdown: 'drain' });
    const inner = {
      type: 'supervisor',
      id: 'in',
      strategy: 'one_for_one',
      children: [slow],
    } as const;
    await probe.start({ children: [inner] });
    let isStopped = false;
    const stopped = probe.system.stop().then(() => (isStopped = true));
    await probe.advance(10 * 60_000);
    expect(isStopped).toBe(false);
    probe.cells.get('in/slow')!.raise({ type: 'drained' });
    await probe.during(stopped);
    expect(isStopped).toBe(true);
  });
});

describe('supervisor flags', () => {
  it.each<[string, object]>([
    ['a negative intensity', { intensity: -1 }],
    ['half an intensity', { intensity: 1.5 }],
    ['a period of nothing', { periodMs: 0 }],
    ['a period without end', { periodMs: Infinity }],
    ['an unknown strategy', { strategy: 'some_for_some' }],
    ['an unknown auto-shutdown', { autoShutdown: 'sometimes' }],
    [
      'auto-shutdown of a dynamic supervisor',
      { strategy: 'dynamic', autoShutdown: 'any_significant' },
    ],
  ])('are refused with %s, before anything starts', async (_what, flags) => {
    const probe = new Probe();
    const children = 'strategy' in flags && flags.strategy === 'dynamic' ? [] : [probe.worker('a')];
    await expect(
      probe.start({ children, ...(flags as Partial<SupervisorSpec>) }),
    ).rejects.toThrow();
    expect(probe.journal).toEqual([]);
  });
});

describe('a meltdown', () => {
  it('is reported, drops the offender and stops the others in reverse', async () => {
    const probe = new Probe();
    const children = ['a', 'b', 'c'].map((id) => probe.worker(id));
    await probe.start({ children, intensity: 0 });
    probe.clear();
    await probe.crash('b');
    expect(probe.journal).toEqual(['end b', 'end c', 'end a']);
    expect(probe.endReason).toBe('shutdown');
    expect(probe.kinds().filter((kind) => kind === 'meltdown')).toHaveLength(1);
    const [record] = probe.system.recentReports().filter(({ kind }) => kind === 'meltdown');
    expect(record).toMatchObject({ path: 'root', errorContext: 'shutdown' });
  });

  it('multiplies over levels: each lets its own number of restarts through', async () => {
    const probe = new Probe();
    const inner = {
      type: 'supervisor',
      id: 'in',
      strategy: 'one_for_one',
      intensity: 2,
      children: [probe.worker('a')],
    } as const;
    await probe.start({ children: [inner], intensity: 1 });
    let crashes = 0;
    while (probe.endReason === undefined && crashes < 20) {
      await probe.crash('in/a');
      crashes += 1;
    }
    expect(crashes).toBe((2 + 1) * (1 + 1));
  });
});

describe('a name', () => {
  it('that is taken makes start_child answer already_started, until its owner is gone', async () => {
    const probe = new Probe();
    const dynamic = { type: 'supervisor', id: 'd', strategy: 'dynamic' } as const;
    await probe.start({ children: [dynamic, probe.worker('owner', { name: 'n' })] });
    const start = async (id: string) => {
      const starting = probe.system.startChild('d', probe.worker(id, { name: 'n' }));
      await probe.during(starting);
      return starting;
    };
    expect(await start('x')).toEqual({ ok: false, error: 'already_started' });
    expect(probe.system.whichChildren('d')).toEqual([]);
    await probe.during(probe.system.terminateChild('root', 'owner'));
    expect(await start('x')).toEqual({ ok: false, error: 'already_started' });
    await probe.during(probe.system.deleteChild('root', 'owner'));
    expect(await start('x')).toEqual({ ok: true, path: 'd/x' });
  });
});
