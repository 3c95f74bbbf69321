import { describe, expect, it } from 'vitest';
import {
  decide,
  FRESH_HISTORY,
  type ChildRecord,
  type ChildRules,
  type PolicyState,
  type SupervisorFlags,
} from '#codi/supervisor/policy.js';
import type { ExitReason } from '#codi/supervisor/index.js';

const CRASH: ExitReason = { kind: 'crash', error: 'x' };

function child(id: string, rules: Partial<ChildRules> = {}, readyAtMs = 0): ChildRecord {
  return {
    rules: { id, restart: 'permanent', significant: false, ...rules },
    history: { ...FRESH_HISTORY, readyAtMs },
    isAlive: true,
  };
}

function state(children: ChildRecord[], flags: Partial<SupervisorFlags> = {}): PolicyState {
  return {
    flags: {
      strategy: 'one_for_one',
      intensity: 1,
      periodMs: 5_000,
      autoShutdown: 'never',
      ...flags,
    },
    restarts: [],
    children,
  };
}

function exited(id: string, reason: ExitReason = CRASH, draw = 0) {
  return { kind: 'exited' as const, id, reason, draw };
}

describe('decide', () => {
  it('plans a group restart: stop in reverse, drop temporary siblings, start in order', () => {
    const children = ['a', 'b', 'c', 'd'].map((id) => child(id));
    children[3] = child('d', { restart: 'temporary' });
    expect(decide(state(children, { strategy: 'rest_for_one' }), exited('b'), 1).plan).toEqual({
      kind: 'restart',
      group: { stop: ['d', 'c'], remove: ['d'], start: ['b', 'c'] },
      delayMs: 0,
      isSlow: false,
    });
    expect(decide(state(children, { strategy: 'one_for_all' }), exited('c'), 1).plan).toMatchObject(
      {
        group: { stop: ['d', 'b', 'a'], remove: ['d'], start: ['a', 'b', 'c'] },
      },
    );
    expect(decide(state(children), exited('c'), 1).plan).toMatchObject({
      group: { stop: [], remove: [], start: ['c'] },
    });
  });

  it('changes nothing it was given', () => {
    const before = state([child('a')]);
    const copy = structuredClone(before);
    const { state: after } = decide(before, exited('a'), 7);
    expect(before).toEqual(copy);
    expect(after.restarts).toEqual([7]);
  });

  it('counts a restart at the very edge of the period, and not one beyond it', () => {
    const first = decide(state([child('a')]), exited('a'), 0).state;
    expect(decide(first, exited('a'), 5_000).plan.kind).toBe('shutdown');
    expect(decide(first, exited('a'), 5_001).plan.kind).toBe('restart');
  });

  it('counts failed attempts like exits, and restarts transient children after them', () => {
    const transient = state([child('a', { restart: 'transient' })]);
    const failed = { ...exited('a', { kind: 'shutdown' }), kind: 'startFailed' as const };
    const first = decide(transient, failed, 0);
    expect(first.plan.kind).toBe('restart');
    expect(decide(first.state, failed, 1).plan).toEqual({ kind: 'shutdown', cause: 'meltdown' });
  });

  it.each([
    ['permanent', { kind: 'normal' }, 'restart'],
    ['permanent', { kind: 'shutdown' }, 'restart'],
    ['transient', { kind: 'normal' }, 'none'],
    ['transient', { kind: 'shutdown' }, 'none'],
    ['transient', { kind: 'killed', by: 'operator' }, 'restart'],
    ['transient', { kind: 'mailboxOverflow' }, 'restart'],
    ['temporary', { kind: 'crash', error: 'x' }, 'remove'],
    ['temporary', { kind: 'killed', by: 'operator' }, 'remove'],
  ] as const)('a %s child that ended with %o: %s', (restart, reason, kind) => {
    expect(decide(state([child('a', { restart })]), exited('a', reason), 0).plan.kind).toBe(kind);
  });

  it('lets an operator kill outside of everything that is counted', () => {
    const before = state([child('a')], { intensity: 0 });
    const { state: after, plan } = decide(
      before,
      exited('a', { kind: 'killed', by: 'operator' }),
      0,
    );
    expect(after).toBe(before);
    expect(plan).toMatchObject({ kind: 'restart', delayMs: 0 });
  });

  it('counts restarting significant children as there', () => {
    const rules = { significant: true, restart: 'transient' } as const;
    const children = [child('a', rules), child('b', rules)];
    const flags = { autoShutdown: 'all_significant' } as const;
    expect(decide(state(children, flags), exited('a', { kind: 'normal' }), 0).plan.kind).toBe(
      'none',
    );
    const last = [children[0]!, { ...children[1]!, isAlive: false }];
    expect(decide(state(last, flags), exited('a', { kind: 'normal' }), 0).plan).toEqual({
      kind: 'shutdown',
      cause: 'autoShutdown',
    });
    expect(decide(state(last, flags), exited('a'), 0).plan.kind).toBe('restart');
  });

  it('draws jitter from the number it is given', () => {
    const backoff = { minMs: 100, maxMs: 1_000, factor: 2, jitter: 0.5, resetAfterMs: 1 };
    const delay = (draw: number) => {
      const { plan } = decide(state([child('a', { backoff })]), exited('a', CRASH, draw), 0);
      return plan.kind === 'restart' ? plan.delayMs : undefined;
    };
    expect([delay(0), delay(0.5)]).toEqual([100, 75]);
  });

  it('knows nothing of children it was not told of', () => {
    expect(decide(state([]), exited('ghost'), 0).plan).toEqual({ kind: 'none' });
  });
});
