import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientPorts } from '#codi/client/ports.js';
import { RequestTable } from '#codi/client/request-table.js';
import { CodiError } from '#codi/protocol/errors.js';
import type { Payload } from '#codi/protocol/messages.js';

const ANSWER = { kind: 'Synced', body: { roots: 0, events: 0, duration_ms: 0 } } as Payload;

describe('the table of open requests', () => {
  let nowMs: number;
  let timers: Set<{ atMs: number; callback: () => void }>;
  let table: RequestTable;
  let ends: string[];

  beforeEach(() => {
    nowMs = 0.25;
    timers = new Set();
    ends = [];
    table = new RequestTable({
      monotonicMs: () => nowMs,
      setTimeout: (callback: () => void, delayMs: number) => {
        const timer = { atMs: nowMs + Math.max(1, delayMs), callback };
        timers.add(timer);
        return { handle: timer };
      },
      clearTimeout: ({ handle }) => void timers.delete(handle as never),
    } as ClientPorts);
  });

  function add(id: string, timeoutMs: number) {
    table.add(id, timeoutMs, {
      resolve: () => ends.push(`${id} answered`),
      reject: ({ code }) => ends.push(`${id} ${code} at ${nowMs}`),
      timeoutError: () => new CodiError('CODI_TIMEOUT', { timeoutMs }),
    });
  }

  function passTo(atMs: number) {
    nowMs = atMs;
    for (const timer of [...timers].filter((one) => one.atMs <= atMs)) {
      timers.delete(timer);
      timer.callback();
    }
  }

  it('gives up each request at its own deadline, with one timer for all of them', () => {
    add('late', 90);
    add('soon', 10);
    add('later', 500);
    expect(timers.size).toBe(1);
    passTo(11);
    expect(ends).toEqual(['soon CODI_TIMEOUT at 11']);
    expect(timers.size).toBe(1);
    passTo(91);
    passTo(400);
    expect(ends).toEqual(['soon CODI_TIMEOUT at 11', 'late CODI_TIMEOUT at 91']);
    passTo(501);
    expect(ends).toHaveLength(3);
    expect([timers.size, table.size]).toEqual([0, 0]);
  });

  it('lets the timer of an answered request run out, and counts anew for the next', () => {
    add('one', 100);
    expect(table.settle('one', ANSWER)).toBe(true);
    expect(table.settle('one', ANSWER)).toBe(false);
    nowMs = 60;
    add('two', 100);
    expect(timers.size).toBe(1);
    passTo(101);
    expect(ends).toEqual(['one answered']);
    passTo(160);
    expect(ends).toEqual(['one answered', 'two CODI_TIMEOUT at 160']);
  });

  it('leaves no timer behind when everything failed', () => {
    add('one', 100);
    add('two', 50);
    table.failAll(new CodiError('CODI_CONNECTION_LOST', { reason: 'test' }));
    expect(ends).toEqual(['one CODI_CONNECTION_LOST at 0.25', 'two CODI_CONNECTION_LOST at 0.25']);
    expect([timers.size, table.size]).toEqual([0, 0]);
  });

  it('waits for longer than a timer can', () => {
    add('patient', 2 ** 40);
    passTo(2 ** 31);
    expect(ends).toEqual([]);
    expect(timers.size).toBe(1);
  });
});
