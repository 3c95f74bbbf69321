import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '#codi/supervisor/index.js';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

describe('a trace', () => {
  async function traced(options: { pattern: string; limit?: number; forMs?: number }) {
    const probe = new Probe();
    const inner = {
      type: 'supervisor',
      id: 'in',
      strategy: 'one_for_one',
      children: [probe.worker('a'), probe.worker('b')],
    } as const;
    await probe.start({ children: [inner, probe.worker('c')], ...roomy });
    const events: TraceEvent[] = [];
    const ends: unknown[] = [];
    const result = probe.system.trace(
      { limit: 100, forMs: 1_000, ...options },
      (event) => void events.push(event),
      (why, count) => void ends.push([why, count]),
    );
    const sendAll = async () => {
      for (const path of ['in/a', 'in/b', 'c']) probe.send(path, { type: 'note', text: '' });
      await probe.settle();
    };
    return { probe, events, ends, result, sendAll };
  }

  it.each([
    ['in/*', ['in/a', 'in/b']],
    ['*', ['c']],
    ['**', ['in/a', 'in/b', 'c']],
    ['c', ['c']],
  ])('of %s follows the actors that match', async (pattern, paths) => {
    const { events, sendAll } = await traced({ pattern });
    await sendAll();
    expect(events.map(({ path }) => path)).toEqual(paths);
    expect(events[0]).toMatchObject({ seq: 1, kind: 'handled', type: 'note', state: 'idle' });
  });

  it('ends by itself after its limit, and after its time', async () => {
    const limited = await traced({ pattern: '**', limit: 2 });
    await limited.sendAll();
    expect(limited.events).toHaveLength(2);
    expect(limited.ends).toEqual([['limit', 2]]);
    const timed = await traced({ pattern: '**' });
    await timed.probe.advance(1_000);
    await timed.sendAll();
    expect(timed.events).toEqual([]);
    expect(timed.ends).toEqual([['expired', 0]]);
  });

  it('ends when it is stopped or its listener throws, and leaves nothing behind', async () => {
    const { probe, events, ends, result, sendAll } = await traced({ pattern: '**' });
    if (!result.ok) throw new Error('it must start');
    result.stop();
    result.stop();
    probe.system.trace(
      { pattern: '**', limit: 9, forMs: 99 },
      () => {
        throw new Error('listener');
      },
      (why) => void ends.push(why),
    );
    await sendAll();
    expect(events).toEqual([]);
    expect(ends).toEqual([['stopped', 0], 'failed']);
    expect(probe.environment.clock.pendingTimers).toBe(0);
    expect(probe.system.counters().crashes).toBe(0);
  });

  it('sees what is sent, and actors that start later', async () => {
    const { probe, events } = await traced({ pattern: '**' });
    const relay = probe.worker(
      'd',
      {},
      { receive: () => void probe.send('c', { type: 'drained' }) },
    );
    await probe.during(probe.system.startChild('root', relay));
    probe.send('d', { type: 'finish' });
    await probe.settle();
    expect(events.map(({ kind, path, type }) => [kind, path, type])).toEqual([
      ['sent', 'd', 'drained'],
      ['handled', 'd', 'finish'],
      ['handled', 'c', 'drained'],
    ]);
  });

  it('is off for the rest of a second that had its events, costs nothing then, and counts what it skipped', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const events: TraceEvent[] = [];
    const ends: unknown[] = [];
    probe.system.trace(
      { pattern: '*', limit: 100, forMs: 2_500, perSecond: 3 },
      (event) => void events.push(event),
      (...end) => void ends.push(end),
    );
    const storm = async () => {
      for (let count = 0; count < 10; count += 1) probe.send('a', { type: 'note', text: '' });
      await probe.settle();
    };
    await storm();
    expect(events).toHaveLength(3);
    await probe.advance(999);
    await storm();
    expect(events).toHaveLength(3);
    await probe.advance(1);
    await storm();
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    await probe.advance(1_500);
    expect(ends).toEqual([['expired', 6, 24]]);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('is refused without limits, and when there are too many', async () => {
    const { probe } = await traced({ pattern: '**' });
    const start = (limit: number) =>
      probe.system.trace({ pattern: '*', limit, forMs: 10 }, () => undefined);
    expect(start(0)).toEqual({ ok: false, error: 'invalid' });
    const slow = { pattern: '*', limit: 1, forMs: 10, perSecond: 0 };
    expect(probe.system.trace(slow, () => undefined)).toEqual({ ok: false, error: 'invalid' });
    const results = Array.from({ length: 8 }, () => start(1).ok);
    expect(results.filter((isOk) => !isOk)).toHaveLength(1);
  });
});
