import { describe, expect, it } from 'vitest';
import { behaviour } from '#codi/supervisor/index.js';
import { stateWord } from '#codi/supervisor/statechart.js';
import { Probe, probeMachine } from './probe.ts';

const input = { isSlow: false, onShutdown: 'obey' } as const;

describe('the tree', () => {
  it('shows every node with its state, restarts and last exit', async () => {
    const probe = new Probe();
    const inner = {
      type: 'supervisor' as const,
      id: 'core',
      strategy: 'rest_for_one' as const,
      intensity: 5,
      children: [probe.worker('a', { restart: 'transient' })],
    };
    await probe.start({ children: [inner] });
    await probe.advance(1_500);
    await probe.crash('core/a');
    await probe.advance(10);
    const { clock } = probe.environment;
    expect(probe.system.tree()).toEqual({
      path: 'root',
      id: 'root',
      type: 'supervisor',
      state: 'running',
      strategy: 'one_for_one',
      restart: 'permanent',
      isolation: 'inline',
      epoch: 1,
      restarts: 0,
      uptimeMs: 1_510,
      mailbox: { count: 0, bytes: 0, highWater: 0, dropped: 0 },
      children: [
        expect.objectContaining({
          path: 'core',
          strategy: 'rest_for_one',
          uptimeMs: 1_510,
          children: [
            {
              path: 'core/a',
              id: 'a',
              type: 'worker',
              state: 'idle',
              restart: 'transient',
              isolation: 'inline',
              epoch: 2,
              restarts: 1,
              lastRestartMs: clock.nowMs() - 10,
              lastExit: { reason: 'crashed: Error: core/a crashed', at: clock.nowMs() - 10 },
              uptimeMs: 10,
              mailbox: { count: 0, bytes: 0, highWater: 0, dropped: 0 },
              children: [],
            },
          ],
        }),
      ],
    });
  });

  it('shows what an actor says of itself, and survives one that cannot', async () => {
    const probe = new Probe();
    const talker = (id: string, status: () => { state?: string; note?: string }) => ({
      ...probe.worker(id),
      start: () =>
        behaviour({
          machine: probeMachine,
          input,
          effects: { 'effect.note': () => undefined, 'effect.drain': () => undefined },
          status,
        }),
    });
    const children = [
      talker('full', () => ({ state: 'watching', note: '1,204 files' })),
      talker('noted', () => ({ note: 'just a note' })),
      talker('broken', () => {
        throw new Error('status');
      }),
    ];
    await probe.start({ children });
    expect(probe.node('full')).toMatchObject({ state: 'watching', note: '1,204 files' });
    expect(probe.node('noted')).toMatchObject({ state: 'idle', note: 'just a note' });
    expect(probe.node('broken')).toMatchObject({ state: 'idle', note: 'status() failed' });
  });

  it('tells of changes once per macro-task, whatever listeners do', async () => {
    const probe = new Probe();
    const a = probe.worker('a', {}, { isSlow: true });
    await probe.start({ children: [{ type: 'supervisor', id: 'd', strategy: 'dynamic' }] });
    let calls = 0;
    probe.system.onTreeChange(() => {
      throw new Error('bad listener');
    });
    const stop = probe.system.onTreeChange(() => (calls += 1));
    void probe.system.startChild('d', a);
    expect(calls).toBe(0);
    await probe.environment.clock.step();
    await probe.settle();
    const before = calls;
    probe.cells.get('d/a')!.raise({ type: 'become.ready' });
    await probe.settle();
    expect(calls).toBeGreaterThan(before);
    expect(calls).toBeLessThan(before + 4);
    stop();
    await probe.crash('d/a');
    expect(calls).toBeLessThan(before + 4);
    expect(probe.system.counters().listenerErrors).toBeGreaterThan(0);
  });

  it('names compound states by one word', () => {
    expect(stateWord('a')).toBe('a');
    expect(stateWord({ a: { b: 'c' } })).toBe('a.b.c');
    expect(stateWord({ net: 'up', disk: { full: {} } })).toBe('net.up+disk.full');
    expect(stateWord(undefined)).toBe('unknown');
  });
});
