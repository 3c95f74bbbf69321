import { describe, expect, it } from 'vitest';
import { createStyle } from '#codi/cli/style.js';
import { textWidth } from '#codi/cli/text-width.js';
import { FrameWindow } from '#codi/cli/top/frame-window.js';
import { pressKey } from '#codi/cli/top/top-keys.js';
import {
  withActor,
  withCrashes,
  withFrame,
  withoutPeer,
  withPeer,
} from '#codi/cli/top/top-news.js';
import { topScreen } from '#codi/cli/top/top-screen.js';
import { initialTop } from '#codi/cli/top/top-state.js';
import type { TopState } from '#codi/cli/top/top-state.js';
import { actorStats, actorView, topFrame } from '../../../support/actor-views.ts';

const look = {
  columns: 80,
  rows: 23,
  style: createStyle(false),
  nowMs: Date.UTC(2026, 2, 10, 14, 1),
};
const LONG = 'watching/watchers//home/ana/a/very/long/path/to/some/shop';

function shown(count = 60, extra: object = {}): TopState {
  const choices = { sort: 'messages', ranking: 'window', windowMs: 5_000, filter: '' } as const;
  const window = new FrameWindow(5_000);
  const frame = (atMs: number) =>
    topFrame(
      atMs,
      [
        actorStats('core/bus', { messages_in: atMs * 12, busy_ms: atMs / 4, heap_bytes: 12e6 }),
        actorStats(LONG, { messages_in: atMs / 100, state: 'parked\u001b[31m' }),
        ...Array.from({ length: count - 2 }, (_, index) => actorStats(`x/${index}`)),
      ],
      extra,
    );
  let state = withPeer(initialTop(choices), { version: '0.1.0', pid: 4711, canWrite: true });
  for (const atMs of [0, 5_000]) {
    window.push(frame(atMs));
    state = withFrame(state, frame(atMs), window);
  }
  return { ...state, pageRows: 17 };
}

const linesOf = (state: TopState) => {
  const { header, body, footer } = topScreen(state, look);
  return [...header, ...body, footer];
};

describe('the screen of codi top', () => {
  it('fits 80x24 with a row to spare', () => {
    const lines = linesOf(shown());
    expect(lines).toHaveLength(23);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(
      /^● healthy {2}codi 0\.1\.0 {2}pid 4711 {2}up 5\.0 s {2}14 clients {2}1,204 files +\d\d:\d\d:05$/,
    );
    expect(lines[4]).toBe(
      '  ACTOR                   STATE           ▼MSG/S    BUSY  MAILBOX   RST     HEAP',
    );
    expect(lines[5]).toBe(
      '> core/bus                running         12,000    25 %        0     0    12 MB',
    );
    expect(lines[6]).toMatch(/^ {2}watchin….*shop {2}parked\\e\[31m {8}10 {3}0\.0 % /);
    expect(lines[22]).toMatch(/^60 actors {2}last 5 s {2}· {2}q quit {2}\? keys/);
  });

  it.each([
    [40, 10],
    [60, 15],
    [120, 40],
    [200, 60],
  ])('breaks no line at %i columns and %i rows', (columns, rows) => {
    const { header, body, footer } = topScreen(shown(), { ...look, columns, rows });
    expect(header.length + body.length + 1).toBeLessThanOrEqual(rows);
    if (columns < 80) return;
    for (const line of [...header, ...body, footer]) {
      expect(textWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('keeps the chosen actor in sight', () => {
    let state = shown();
    for (let step = 0; step < 40; step++) state = pressKey(state, 'down').state;
    const chosen = linesOf(state).filter((line) => line.startsWith('> '));
    expect(chosen).toHaveLength(1);
    expect(chosen[0]).toContain(state.selectedPath);
  });

  it('tells that the daemon is gone, and that numbers are old', () => {
    expect(linesOf(withoutPeer(shown()))[3]).toBe('the daemon went away; waiting for it');
    const busy = { path: 'core/bus', message: 'spin', busy_ms: 4_000 };
    expect(linesOf(shown(60, { stale_ms: 4_200, busy }))[3]).toBe(
      'as of 4.2 s ago: the main thread has been in core/bus (spin) for 4.0 s',
    );
  });

  it('asks before it writes, and lists the keys', () => {
    const looking = pressKey(shown(), 'enter').state;
    expect(linesOf(looking).at(-1)).toContain('k kill  R restart  s suspend  u resume');
    const asked = pressKey(looking, 'k').state;
    expect(linesOf(asked).at(-1)).toBe('kill core/bus?  y yes  n no');
    const help = linesOf(pressKey(shown(), '?').state).join('\n');
    for (const word of ['quit', 'sort by messages', 'kill, restart, suspend', 'crashes']) {
      expect(help).toContain(word);
    }
  });

  it('scrolls a long actor to its end and no further', () => {
    const resources = Array.from({ length: 50 }, (_, index) => ({
      name: `held-${index}`,
      kind: 'timer',
      age_ms: 1,
      owner: 'core/bus#1',
    }));
    const actor = actorView('core/bus', { resources });
    const looking = withActor(pressKey(shown(), 'enter').state, 'core/bus', { actor });
    const { scrollMax } = topScreen(looking, look);
    const atEnd = pressKey({ ...looking, scrollMax }, 'end').state;
    expect(topScreen(atEnd, look).body.at(-1)).toContain('held-49');
  });

  it('shows no control character of what others named', () => {
    const evil = 'a\u001b[2J\u0007\u202e';
    const crash = {
      fingerprint: 'f',
      path: evil,
      last_at: '2026-03-10T14:00:00Z',
      count: 1,
      reason: evil,
    };
    const looking = pressKey(shown(), 'c').state;
    const states = [
      withCrashes(looking, { crashes: [crash as never] }),
      withCrashes(looking, { problem: evil }),
      { ...shown(), filter: evil, isFiltering: true },
      { ...shown(), notice: evil },
    ];
    for (const state of states)
      expect(linesOf(state).join('')).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});
