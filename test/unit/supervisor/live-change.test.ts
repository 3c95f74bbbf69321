import { describe, expect, it } from 'vitest';
import { checkChildSpecs, type SupervisorSpec } from '#codi/supervisor/index.js';
import { Probe } from './probe.ts';

const base = { type: 'supervisor', id: 'root', strategy: 'one_for_one' } as const;
const ids = (probe: Probe) => {
  const children = probe.system.whichChildren('root');
  return children === 'noproc' ? [] : children.map(({ id, child }) => `${id} ${String(child)}`);
};

describe('a live change of a supervisor spec', () => {
  it('adds new specs without starting them, keeps removed ones, and leaves running children alone', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a'), probe.worker('gone')] });
    const spec = { ...base, children: [probe.worker('new'), probe.worker('a')] };
    expect(probe.system.changeSpec('root', spec)).toEqual({ ok: true });
    await probe.settle();
    expect(probe.journal).toEqual(['start a', 'start gone']);
    expect(ids(probe)).toEqual(['gone 1', 'a 1', 'new undefined']);
    expect(probe.send('new', { type: 'drained' })).toBe('noproc');
    await probe.during(probe.system.restartChild('root', 'new'));
    expect(probe.journal.at(-1)).toBe('start new');
  });

  it('replaces flags at once: strategy, intensity and period', async () => {
    const probe = new Probe();
    const children = [probe.worker('a'), probe.worker('b')];
    await probe.start({ children, intensity: 0 });
    probe.system.changeSpec('root', { ...base, strategy: 'one_for_all', intensity: 5, children });
    probe.clear();
    await probe.crash('b');
    expect(probe.journal).toEqual(['end b', 'end a', 'start a', 'start b']);
    expect(probe.endReason).toBeUndefined();
  });

  it('counts for a child from its next start', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], intensity: 5 });
    const children = [
      probe.worker(
        'a',
        { restart: 'temporary' },
        { onStart: () => void probe.journal.push('new code') },
      ),
    ];
    probe.system.changeSpec('root', {
      ...base,
      intensity: 5,
      children: [{ ...children[0]!, restart: 'permanent' }],
    });
    expect(probe.journal).not.toContain('new code');
    await probe.crash('a');
    expect(probe.journal).toContain('new code');
  });

  it('of a nested supervisor by its parent counts from its next start', async () => {
    const probe = new Probe();
    const inner = (...names: string[]): SupervisorSpec => ({
      ...base,
      id: 'in',
      children: names.map((name) => probe.worker(name)),
    });
    await probe.start({ children: [inner('a')], intensity: 5 });
    probe.system.changeSpec('root', { ...base, intensity: 5, children: [inner('b')] });
    expect(probe.node('in/a')?.state).toBe('idle');
    expect(probe.system.getChildSpec('root', 'in')).toMatchObject({ children: [{ id: 'b' }] });
    await probe.during(probe.system.restartActor('in'));
    expect(probe.node('in')?.children.map(({ path }) => path)).toEqual(['in/b']);
  });

  it('that is wrong changes nothing', async () => {
    const probe = new Probe();
    const a = probe.worker('a');
    const dynamic = { ...base, id: 'd', strategy: 'dynamic' } as const;
    await probe.start({ children: [a, dynamic] });
    const before = ids(probe);
    const wrong: SupervisorSpec[] = [
      { ...base, intensity: -1 },
      { ...base, id: 'other' },
      { ...base, strategy: 'dynamic' },
      { ...base, children: [a, a] },
      { ...base, children: [{ ...base, id: 'a' }] },
      { ...base, children: [probe.worker('a', { name: 'else' })] },
      { ...base, children: [probe.worker('b', { name: 'a' })] },
    ];
    for (const spec of wrong) {
      expect(probe.system.changeSpec('root', spec)).toMatchObject({
        ok: false,
        error: { badSpec: expect.any(String) },
      });
      expect(ids(probe)).toEqual(before);
    }
    expect(probe.system.changeSpec('d', { ...dynamic, strategy: 'one_for_one' })).toMatchObject({
      ok: false,
    });
    expect(probe.system.changeSpec('ghost', base)).toEqual({ ok: false, error: 'noproc' });
  });
});

describe('which_child/2', () => {
  it('tells one child as which_children tells all', async () => {
    const probe = new Probe();
    const backoff = { minMs: 50, maxMs: 50, factor: 1, jitter: 0, resetAfterMs: 1 };
    await probe.start({
      children: [probe.worker('a', { backoff }), probe.worker('b')],
      intensity: 9,
    });
    const type = 'worker';
    expect(probe.system.whichChild('root', 'a')).toEqual({ id: 'a', path: 'a', type, child: 1 });
    await probe.crash('a');
    expect(probe.system.whichChild('root', 'a')).toMatchObject({ child: 'restarting' });
    await probe.during(probe.system.terminateChild('root', 'b'));
    expect(probe.system.whichChild('root', 'b')).toMatchObject({ child: undefined });
    expect(probe.system.whichChild('root', 'x')).toBe('not_found');
    expect(probe.system.whichChild('x', 'a')).toBe('noproc');
  });
});

describe('check_childspecs', () => {
  const probe = new Probe();
  const significant = probe.worker('s', { significant: true, restart: 'transient' });

  it('accepts good specs, and without auto-shutdown does not ask for one', () => {
    expect(checkChildSpecs([probe.worker('a'), significant])).toEqual({ ok: true });
    expect(checkChildSpecs([significant], { autoShutdown: 'all_significant' })).toEqual({
      ok: true,
    });
  });

  it.each([
    ['the same id twice', [probe.worker('a'), probe.worker('a')], {}],
    ['a significant child without auto-shutdown', [significant], { autoShutdown: 'never' }],
    ['a significant permanent child', [probe.worker('s', { significant: true })], {}],
    ['an unknown restart type', [probe.worker('a', { restart: 'often' as never })], {}],
    ['an unknown shutdown', [probe.worker('a', { shutdown: 'soon' as never })], {}],
    ['a negative shutdown', [probe.worker('a', { shutdown: -1 })], {}],
    ['no start()', [{ type: 'worker', id: 'a' } as never], {}],
    ['an unknown strategy below', [{ ...base, strategy: 'one_for_some' as never }], {}],
    ['an infinite period below', [{ ...base, periodMs: Infinity }], {}],
    [
      'auto-shutdown of a dynamic supervisor',
      [{ ...base, strategy: 'dynamic', autoShutdown: 'any_significant' }],
      {},
    ],
    ['poison that never is', [probe.worker('a', { poison: { maxCrashes: 0 } })], {}],
  ] as const)('refuses %s', (_what, specs, options) => {
    expect(checkChildSpecs(specs, options)).toEqual({ ok: false, error: expect.any(String) });
  });
});

describe('significant children', () => {
  const cases = [
    ['any_significant', 'transient', 'normal', true],
    ['any_significant', 'transient', 'crash', false],
    ['any_significant', 'temporary', 'crash', true],
    ['any_significant', 'temporary', 'normal', true],
    ['all_significant', 'transient', 'normal', false],
    ['never', 'transient', 'normal', false],
  ] as const;

  it.each(cases)(
    'with %s, %s, ended by %s: the supervisor ends: %s',
    async (autoShutdown, restart, how, ends) => {
      const probe = new Probe();
      const significant = autoShutdown !== 'never';
      const children = ['a', 'b'].map((id) => probe.worker(id, { restart, significant }));
      await probe.start({ autoShutdown, children, intensity: 9 });
      if (how === 'crash') await probe.crash('a');
      else probe.send('a', { type: 'finish' });
      await probe.settle();
      expect(probe.endReason).toBe(ends ? 'shutdown' : undefined);
    },
  );

  it('do not end their supervisor when a sibling took them down or they were terminated', async () => {
    const probe = new Probe();
    const children = [
      probe.worker('a', { restart: 'temporary', significant: true }),
      probe.worker('b'),
    ];
    await probe.start({
      strategy: 'one_for_all',
      autoShutdown: 'any_significant',
      children,
      intensity: 9,
    });
    await probe.crash('b');
    expect(probe.endReason).toBeUndefined();
    expect(ids(probe)).toEqual(['b 2']);
  });
});
