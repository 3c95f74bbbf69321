import { describe, expect, it } from 'vitest';
import { SessionLives, type ProcessState } from '#codi/actors/coordination/session-lives.js';

const TIMEOUT = 60_000;
const GRACE = 2_000;
const PROCESS = { pid: 7, namespace: 'n', started: 'b/1' };

function newLives(looksMax = 100) {
  const lives = new SessionLives({
    timeoutMs: TIMEOUT,
    processGraceMs: GRACE,
    returnMs: 10_000,
    looksMax,
  });
  let state: ProcessState = 'alive';
  return {
    lives,
    processIs: (next: ProcessState) => (state = next),
    look: (nowMs: number) =>
      lives.look(nowMs, () => state).map(({ sessionId, kind }) => `${sessionId} ${kind}`),
  };
}

describe('a session', () => {
  it('is overdue when nothing was heard of it for the whole time', () => {
    const { lives, look } = newLives();
    lives.begin('a', undefined, 1_000);
    expect(look(1_000 + TIMEOUT - 1)).toEqual([]);
    expect(look(1_000 + TIMEOUT)).toEqual(['a overdue']);
    lives.seen('a', 5_000);
    expect(look(1_000 + TIMEOUT)).toEqual([]);
    lives.seen('a', 2_000);
    expect(look(5_000 + TIMEOUT - 1)).toEqual([]);
    lives.end('a');
    expect(look(1e9)).toEqual([]);
  });

  it('is alive while a connection speaks for it, whatever became of its process', () => {
    const { lives, look, processIs } = newLives();
    lives.begin('a', PROCESS, 0);
    lives.bind(1, 'a', 0);
    lives.bind(2, 'a', 0);
    processIs('gone');
    expect(look(10 * TIMEOUT)).toEqual([]);
    lives.bind(1, null, 10 * TIMEOUT);
    lives.bind(2, 'b', 10 * TIMEOUT);
    expect(look(10 * TIMEOUT)).toEqual([]);
    expect(look(10 * TIMEOUT + GRACE - 1)).toEqual([]);
    expect(look(10 * TIMEOUT + GRACE)).toEqual(['a processGone']);
  });

  it('counts as heard of until its last connection was closed', () => {
    const { lives, look } = newLives();
    lives.begin('a', undefined, 0);
    lives.bind(1, 'a', 0);
    lives.bind(1, 'a', 0);
    lives.bind(1, null, 5_000);
    lives.bind(1, null, 50_000);
    expect(look(5_000 + TIMEOUT - 1)).toEqual([]);
    expect(look(5_000 + TIMEOUT)).toEqual(['a overdue']);
  });

  it('is alive while its process is, and only overdue where that cannot be seen', () => {
    const { lives, look, processIs } = newLives();
    lives.begin('a', PROCESS, 0);
    expect(look(TIMEOUT)).toEqual([]);
    processIs('unknown');
    expect(look(2 * TIMEOUT - 1)).toEqual([]);
    expect(look(2 * TIMEOUT)).toEqual(['a overdue']);
  });

  it('lives with the process that came last', () => {
    const { lives, look, processIs } = newLives();
    lives.begin('a', undefined, 0);
    processIs('gone');
    expect(look(GRACE)).toEqual([]);
    lives.seen('a', 1, PROCESS);
    expect(look(GRACE)).toEqual([]);
    lives.seen('a', GRACE + 1, { ...PROCESS, pid: 8 });
    expect(look(2 * GRACE)).toEqual([]);
    expect(look(3 * GRACE)).toEqual(['a processGone']);
  });

  it('of before a restart gets time to come back, and no more than it had', () => {
    const { lives, look } = newLives();
    lives.remember('long ago', undefined, { nowMs: 0, silentMs: 10 * TIMEOUT });
    lives.remember('just now', undefined, { nowMs: 0, silentMs: 1_000 });
    lives.remember('in the future', undefined, { nowMs: 0, silentMs: -1e9 });
    expect(look(9_999)).toEqual([]);
    expect(look(10_000)).toEqual(['long ago overdue']);
    lives.end('long ago');
    expect(look(TIMEOUT - 1_000)).toEqual(['just now overdue']);
    expect(look(TIMEOUT)).toEqual(['just now overdue', 'in the future overdue']);
  });

  it('is looked at in turn when there are many', () => {
    const { lives, look } = newLives(2);
    for (const id of ['a', 'b', 'c']) lives.begin(id, undefined, 0);
    expect(look(TIMEOUT)).toEqual(['a overdue', 'b overdue']);
    expect(look(TIMEOUT)).toEqual(['c overdue', 'a overdue']);
    lives.end('b');
    expect(look(TIMEOUT)).toEqual(['c overdue', 'a overdue']);
  });
});
