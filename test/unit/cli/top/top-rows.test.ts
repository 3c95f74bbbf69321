import { describe, expect, it } from 'vitest';
import { FrameWindow } from '#codi/cli/top/frame-window.js';
import { filterRows, sortRows, topRows } from '#codi/cli/top/top-rows.js';
import type { SortKey } from '#codi/cli/top/top-rows.js';
import { actorStats, topFrame } from '../../../support/actor-views.ts';

const frameOf = (atMs: number, messages: number, restarts = 0) =>
  topFrame(atMs, [actorStats('a', { messages_in: messages, busy_ms: messages / 2, restarts })]);

describe('the window of codi top', () => {
  const rowAfter = (windowMs: number, frames: [number, number, number?][]) => {
    const window = new FrameWindow(windowMs);
    let last = frameOf(0, 0);
    for (const [atMs, messages, restarts] of frames) {
      last = frameOf(atMs, messages, restarts);
      window.push(last);
    }
    return { row: topRows(last, window, 'window')[0]!, window };
  };

  it('knows no rate with a single frame', () => {
    expect(rowAfter(5_000, [[1_000, 50]]).row).toMatchObject({
      messages: undefined,
      busy: undefined,
    });
  });

  it('is the difference to the frame at its start, not to the first one', () => {
    const frames: [number, number][] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((second) => [
      second * 1_000,
      second < 5 ? second * 1_000 : 5_000 + (second - 5) * 10,
    ]);
    const { row, window } = rowAfter(5_000, frames);
    expect(window.spanMs).toBe(5_000);
    expect(row.messages).toBeCloseTo(10);
    expect(row.busy).toBeCloseTo(0.005);
  });

  it('forgives frames that come late or early', () => {
    const { window } = rowAfter(2_000, [
      [0, 0],
      [1_013, 1],
      [1_990, 2],
      [3_020, 3],
      [4_001, 4],
    ]);
    expect(window.spanMs).toBeGreaterThanOrEqual(1_900);
    expect(window.spanMs).toBeLessThanOrEqual(3_100);
  });

  it('holds no more frames than the window needs, for ever', () => {
    const window = new FrameWindow(3_000);
    for (let second = 0; second < 1_000; second++) window.push(frameOf(second * 1_000, second));
    expect(window.spanMs).toBe(3_000);
  });

  it('begins anew with another daemon, and ignores a frame that is shown again', () => {
    const { row, window } = rowAfter(5_000, [
      [9_000, 900],
      [500, 3],
    ]);
    expect(row.messages).toBeUndefined();
    window.push(frameOf(500, 3));
    window.push(frameOf(1_500, 13));
    expect(window.changeOf('a')).toMatchObject({ durationMs: 1_000, messages_in: 10 });
  });

  it('counts a new actor from the frame in which it appeared', () => {
    const window = new FrameWindow(5_000);
    window.push(topFrame(0, []));
    window.push(topFrame(1_000, [actorStats('new', { messages_in: 10 })]));
    window.push(topFrame(2_000, [actorStats('new', { messages_in: 30 })]));
    expect(window.changeOf('new')).toMatchObject({ durationMs: 1_000, messages_in: 20 });
    expect(window.changeOf('gone')).toBeUndefined();
  });

  it('shows totals on request, with the most that ever waited', () => {
    const frame = frameOf(1_000, 50, 4);
    const [row] = topRows(frame, new FrameWindow(5_000), 'total');
    expect(row).toMatchObject({ messages: 50, busy: 25, mailbox: 3, restarts: 4 });
  });
});

describe('the order of codi top', () => {
  const window = new FrameWindow(5_000);
  const rows = topRows(
    topFrame(0, [
      actorStats('c', { messages_in: 5, busy_ms: 1, errors: 9 }),
      actorStats('a', { messages_in: 5, busy_ms: 3, heap_bytes: 10, state: 'parked' }),
      actorStats('b', { messages_in: 9, busy_ms: 2, restarts: 1 }),
    ]),
    window,
    'total',
  );
  const order = (key: SortKey, isReversed = false) =>
    sortRows(rows, key, isReversed)
      .map((row) => row.path)
      .join('');

  it.each([
    ['messages', 'bac'],
    ['busy', 'abc'],
    ['mailbox', 'abc'],
    ['restarts', 'bac'],
    ['memory', 'abc'],
    ['errors', 'cab'],
    ['name', 'abc'],
  ] as const)('by %s is %s, equal ones by path', (key, expected) => {
    expect(order(key)).toBe(expected);
  });

  it('turns round, but equal ones stay by path', () => {
    expect(order('messages', true)).toBe('acb');
    expect(order('name', true)).toBe('cba');
  });

  it('filters by a part of the path or the whole state', () => {
    expect(filterRows(rows, 'B').map((row) => row.path)).toEqual(['b']);
    expect(filterRows(rows, 'parked').map((row) => row.path)).toEqual(['a']);
    expect(filterRows(rows, '')).toHaveLength(3);
  });
});
