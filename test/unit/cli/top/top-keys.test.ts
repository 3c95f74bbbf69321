import { describe, expect, it } from 'vitest';
import { FrameWindow } from '#codi/cli/top/frame-window.js';
import { pressKey } from '#codi/cli/top/top-keys.js';
import { withActor, withFrame, withoutPeer, withPeer } from '#codi/cli/top/top-news.js';
import { initialTop, visibleRows } from '#codi/cli/top/top-state.js';
import type { TopState } from '#codi/cli/top/top-state.js';
import { actorStats, actorView, topFrame } from '../../../support/actor-views.ts';

const peer = (canWrite: boolean) => ({ version: '0.1.0', pid: 1, canWrite });
const names = Array.from({ length: 50 }, (_, index) => `a${String(index).padStart(2, '0')}`);

function shown(canWrite = true): TopState {
  const choices = { sort: 'name', ranking: 'window', windowMs: 5_000, filter: '' } as const;
  const frame = topFrame(
    0,
    names.map((name) => actorStats(name)),
  );
  return withPeer(withFrame(initialTop(choices), frame, new FrameWindow(5_000)), peer(canWrite));
}

const press = (state: TopState, ...keys: string[]) => {
  let step: ReturnType<typeof pressKey> = { state };
  for (const key of keys) step = pressKey(step.state, key);
  return step;
};

describe('keys of codi top', () => {
  it('choose an actor, which stays chosen when the order changes', () => {
    const { state } = press(shown(), 'down', 'down', 'i');
    expect(state.selectedPath).toBe('a02');
    expect(press(state, 'home').state.selectedPath).toBe('a49');
    expect(press(state, 'end', 'down').state.selectedPath).toBe('a00');
    expect(press(shown(), 'pageDown', 'up').state.selectedPath).toBe('a09');
  });

  it('sort, turn round and change what is counted', () => {
    const { state } = press(shown(), 'm', 'i', 't');
    expect(state).toMatchObject({ sort: 'messages', isReversed: true, ranking: 'total' });
    expect(press(state, 'b').state).toMatchObject({ sort: 'busy', isReversed: false });
  });

  it('filter while typing, with letters that are keys elsewhere', () => {
    const { state } = press(shown(), '/', 'q', 'backspace', 'a', '1');
    expect(state).toMatchObject({ isFiltering: true, filter: 'a1' });
    expect(visibleRows(state)).toHaveLength(10);
    expect(press(state, 'enter').state).toMatchObject({ isFiltering: false, filter: 'a1' });
    expect(press(state, 'escape').state).toMatchObject({ isFiltering: false, filter: '' });
  });

  it('look into an actor and back', () => {
    const { state, effect } = press(shown(), 'down', 'enter');
    expect(effect).toEqual({ type: 'lookAt', path: 'a01' });
    expect(state.view).toMatchObject({ name: 'actor', path: 'a01' });
    expect(press(state, 'escape').state.view).toEqual({ name: 'actors' });
  });

  it('scroll no further than there is', () => {
    const looking = { ...press(shown(), 'enter').state, scrollMax: 3 };
    expect(press(looking, 'end').state.view).toMatchObject({ scroll: 3 });
    expect(press(looking, 'end', 'up').state.view).toMatchObject({ scroll: 2 });
    expect(press(looking, 'up').state.view).toMatchObject({ scroll: 0 });
  });

  it('write only after a yes, and only where the daemon takes changes', () => {
    const asked = press(shown(), 'enter', 'k');
    expect(asked.effect).toBeUndefined();
    expect(asked.state.asked).toEqual({ action: 'kill', path: 'a00' });
    expect(press(asked.state, 'y').effect).toEqual({ type: 'act', action: 'kill', path: 'a00' });
    const refused = press(asked.state, 'n');
    expect(refused.effect).toBeUndefined();
    expect(refused.state).toMatchObject({ asked: undefined, notice: 'nothing was done' });
    const readOnly = press(shown(false), 'enter', 'R');
    expect(readOnly.state.asked).toBeUndefined();
    expect(readOnly.state.notice).toContain('takes no changes');
  });

  it('nothing is asked of a daemon that went away meanwhile', () => {
    const { state } = press(shown(), 'enter', 'k');
    expect(withoutPeer(state).asked).toBeUndefined();
  });

  it('hold the picture while paused', () => {
    const { state } = press(shown(), ' ');
    const later = withFrame(state, topFrame(1_000, []), new FrameWindow(5_000));
    expect(later.rows).toHaveLength(50);
    const goesOn = press(later, ' ').state;
    expect(withFrame(goesOn, topFrame(2_000, []), new FrameWindow(5_000)).rows).toHaveLength(0);
  });

  it('quit from everywhere but a text that is typed', () => {
    for (const keys of [['q'], ['enter', 'q'], ['c', 'q']]) {
      expect(press(shown(), ...keys).effect).toEqual({ type: 'quit' });
    }
    expect(press(shown(), '?', 'x').state.view).toEqual({ name: 'actors' });
  });

  it('an answer about an actor that is no longer looked at changes nothing', () => {
    const { state } = press(shown(), 'enter');
    expect(withActor(state, 'a07', { actor: actorView('a07') })).toBe(state);
    const found = withActor(state, 'a00', { actor: actorView('a00') });
    expect(found.view).toMatchObject({ actor: { path: 'a00' } });
  });
});
