/** What users of other supervisors asked for, or lost data for the lack of. */
import { describe, expect, it } from 'vitest';
import { behaviour, type ActorSpec } from '#codi/supervisor/index.js';
import { setup } from '#codi/supervisor/statechart.js';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };
const backoff = { minMs: 100, maxMs: 400, factor: 2, jitter: 0, resetAfterMs: 10_000 };

describe('users ask that', () => {
  it('restarts wait longer and longer, so that no budget burns in a microsecond', async () => {
    const probe = new Probe();
    const bad = probe.worker(
      'a',
      { backoff },
      {
        receive: () => {
          throw new Error('bad');
        },
      },
    );
    await probe.start({ children: [bad], intensity: 3, periodMs: 1_000 });
    const delays: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      probe.send('a', { type: 'drained' });
      await probe.settle();
      delays.push((probe.node('a')!.nextRetryMs ?? 0) - probe.environment.clock.nowMs());
      await probe.advance(400);
    }
    expect(delays).toEqual([100, 200, 400, 400]);
    expect(probe.endReason).toBeUndefined();
  });

  it('the first retry may be at once', async () => {
    const probe = new Probe();
    await probe.start({
      children: [probe.worker('a', { backoff: { ...backoff, minMs: 0 } })],
      ...roomy,
    });
    await probe.crash('a');
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
  });

  it.each([
    ['park', 'parked'],
    ['retrySlow', 'backing-off'],
  ] as const)(
    'one child in a crash loop does not take its siblings down: %s',
    async (onExhausted, state) => {
      const probe = new Probe();
      const budget = { maxRestarts: 2, withinMs: 1_000, onExhausted };
      await probe.start({ children: [probe.worker('a', { budget }), probe.worker('b')] });
      for (let count = 0; count < 3; count += 1) await probe.crash('a');
      expect(probe.node('a')?.state).toBe(state);
      expect(probe.node('b')).toMatchObject({ epoch: 1, state: 'idle' });
    },
  );

  it('a spent budget that escalates does so once, and does not restart the child itself', async () => {
    const probe = new Probe();
    const budget = { maxRestarts: 1, withinMs: 1_000, onExhausted: 'escalate' as const };
    const inner = {
      type: 'supervisor',
      id: 'in',
      strategy: 'one_for_one',
      children: [probe.worker('a', { budget })],
    } as const;
    await probe.start({ children: [inner], ...roomy });
    await probe.crash('in/a');
    await probe.crash('in/a');
    expect(probe.kinds().filter((kind) => kind === 'meltdown')).toHaveLength(1);
    expect([probe.epoch('in'), probe.epoch('in/a')]).toEqual([2, 3]);
  });

  it('a child whose restart is delayed reads restarting, and a second crash is not lost', async () => {
    const probe = new Probe();
    const children = [probe.worker('a', { backoff }), probe.worker('b', { backoff })];
    await probe.start({ strategy: 'one_for_all', children, ...roomy });
    await probe.crash('a');
    expect(probe.system.whichChildren('root')).toMatchObject([
      { child: 'restarting' },
      { child: 'restarting' },
    ]);
    expect(await probe.system.restartChild('root', 'a')).toEqual({
      ok: false,
      error: 'restarting',
    });
    await probe.advance(100);
    await probe.crash('b');
    await probe.advance(400);
    expect([probe.node('a')?.state, probe.node('b')?.state]).toEqual(['idle', 'idle']);
  });

  it('a shutdown does not wait for a backoff', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { backoff })], ...roomy });
    await probe.crash('a');
    let isDone = false;
    void probe.system.stop().then(() => (isDone = true));
    await probe.settle();
    expect(isDone).toBe(true);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('each child has its own time to stop, and only what did not stop is reported', async () => {
    const probe = new Probe();
    const stubborn = (id: string, shutdown: number) =>
      probe.worker(id, { shutdown }, { onShutdown: 'ignore' });
    await probe.start({
      children: [stubborn('a', 50), probe.worker('good', { shutdown: 1 }), stubborn('b', 10)],
    });
    let report: unknown;
    void probe.system.stop().then((it) => (report = it));
    await probe.advance(100);
    expect(report).toMatchObject({ unstopped: [{ path: 'b' }, { path: 'a' }], durationMs: 60 });
  });

  it('a restarted actor keeps its registration, also through its supervisor', async () => {
    const probe = new Probe();
    const inner = {
      type: 'supervisor',
      id: 'in',
      strategy: 'one_for_one',
      intensity: 0,
      children: [probe.worker('a', { name: 'store' })],
    } as const;
    await probe.start({ children: [inner], ...roomy });
    const ref = probe.system.ref('store');
    await probe.crash('in/a');
    expect(ref.send({ type: 'note', text: 'still' })).toBe('queued');
    await probe.settle();
    expect(probe.journal.at(-1)).toBe('note a: still');
  });

  it('a restarted actor that keeps its state elsewhere starts from there, not from stale memory', async () => {
    const probe = new Probe();
    let stored = 1;
    const seen: number[] = [];
    const durable = probe.worker('a', {}, { onStart: () => void seen.push(stored) });
    await probe.start({ children: [durable], ...roomy });
    stored = 2;
    await probe.crash('a');
    expect(seen).toEqual([1, 2]);
  });

  it('kill, restart and crash at the same moment leave one incarnation', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const cell = probe.cells.get('a')!;
    void probe.system.restartActor('a');
    probe.system.kill('a');
    cell.crash(new Error('too late'));
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
    expect(probe.journal).toEqual(['start a', 'end a', 'start a']);
  });
});

describe("OTP's {shutdown, Term}", () => {
  function ending(restart: ActorSpec['restart'], output: object): ActorSpec {
    const machine = setup({}).createMachine({
      initial: 'on',
      states: {
        on: { tags: ['ready'], on: { end: 'off', 'sys.shutdown': 'off' } },
        off: { type: 'final' },
      },
      output: () => output,
    });
    return {
      type: 'worker',
      id: 'a',
      ...(restart ? { restart } : {}),
      start: () => behaviour({ machine, effects: {} }),
    };
  }

  it('restarts a permanent child, not a transient one, and is kept as its last exit', async () => {
    for (const [restart, epoch] of [
      ['permanent', 2],
      ['transient', 1],
    ] as const) {
      const probe = new Probe();
      await probe.start({
        children: [ending(restart, { exit: 'shutdown', cause: 'moved' })],
        ...roomy,
      });
      probe.system.ref('a').send({ type: 'end' });
      await probe.settle();
      expect(probe.node('a')).toMatchObject({ epoch, lastExit: { reason: 'shutdown: moved' } });
      expect(probe.system.crashes()).toEqual([]);
    }
  });

  it('is an expected end when the child was asked to stop', async () => {
    const probe = new Probe();
    await probe.start({ children: [ending('permanent', { exit: 'shutdown', cause: 'x' })] });
    await probe.during(probe.system.stop());
    expect(probe.kinds()).not.toContain('shutdownError');
  });
});

describe('a naughty child', () => {
  it('that unlinks itself from everything cannot hang its supervisor', async () => {
    const probe = new Probe();
    const naughty = probe.worker(
      'a',
      { shutdown: 20 },
      {
        onShutdown: 'ignore',
        onStart: (cell) => {
          cell.trapExits(() => undefined);
          cell.unlink('root');
        },
      },
    );
    await probe.start({ children: [naughty] });
    let isDone = false;
    void probe.system.stop().then(() => (isDone = true));
    await probe.advance(20);
    expect(isDone).toBe(true);
  });
});
