import { describe, expect, it } from 'vitest';
import { createMachine, fromPromise } from 'xstate';
import {
  behaviour,
  type ActorSpec,
  type Behaviour,
  type CellContext,
} from '#codi/supervisor/index.js';
import { assign, emit, raise, setup } from '#codi/supervisor/statechart.js';
import { machineClock } from '#codi/supervisor/machine-clock.js';
import { Probe } from './probe.ts';

function actor(
  id: string,
  start: (cell: CellContext<any>) => Behaviour<any>,
  rest: Partial<ActorSpec> = {},
): ActorSpec {
  return { type: 'worker', id, restart: 'transient', start, ...rest };
}

/** Ends at once with an output. */
function ending(output: unknown, isReadyFirst: boolean) {
  return createMachine({
    initial: isReadyFirst ? 'ready' : 'done',
    states: {
      ready: { tags: ['ready'], on: { end: 'done', 'sys.shutdown': 'done' } },
      done: { type: 'final' },
    },
    output: () => output as never,
  });
}

describe('what a final state says', () => {
  it('ignore: started without an actor; the spec stays unless it is temporary', async () => {
    const probe = new Probe();
    const start = () => behaviour({ machine: ending({ exit: 'ignore' }, false), effects: {} });
    const children = [actor('kept', start), actor('gone', start, { restart: 'temporary' })];
    await probe.start({ children: [...children, probe.worker('next')] });
    expect(probe.node('kept')).toMatchObject({ state: 'stopped', epoch: 1 });
    expect(probe.node('gone')).toBeUndefined();
    expect(probe.system.tree().state).toBe('running');
    expect(probe.node('next')?.state).toBe('idle');
  });

  it('normal: done at once is no failed start', async () => {
    const probe = new Probe();
    const start = () => behaviour({ machine: ending({ exit: 'normal' }, false), effects: {} });
    await probe.start({ children: [actor('a', start)] });
    expect(probe.node('a')).toMatchObject({ state: 'stopped', lastExit: { reason: 'normal' } });
  });

  it('failed: a crash when it was ready, a failed start before', async () => {
    const probe = new Probe();
    const machine = ending({ exit: 'failed', error: new Error('disk') }, true);
    await probe.start({
      children: [actor('a', () => behaviour({ machine, effects: {} }))],
      intensity: 1,
    });
    probe.system.ref('a').send({ type: 'end' });
    await probe.settle();
    expect(probe.node('a')).toMatchObject({
      epoch: 2,
      lastExit: { reason: 'crashed: Error: disk' },
    });
    const early = ending({ exit: 'failed', error: new Error('no disk') }, false);
    await expect(
      new Probe().start({
        children: [actor('b', () => behaviour({ machine: early, effects: {} }))],
      }),
    ).rejects.toThrow('no disk');
  });

  it('nothing: normal, and shutdown when it was asked to', async () => {
    const probe = new Probe();
    const machine = ending({ exit: 'something else' }, true);
    await probe.start({ children: [actor('a', () => behaviour({ machine, effects: {} }))] });
    await probe.during(probe.system.terminateChild('root', 'a'));
    expect(probe.node('a')?.lastExit?.reason).toBe('shutdown');
  });
});

describe('a machine in its cell', () => {
  it('runs delayed transitions in turns of its cell, which end with it', async () => {
    const probe = new Probe();
    const machine = setup({
      types: {} as {
        events: { type: 'sys.shutdown' };
        emitted: { type: 'tick'; count: number };
        context: { count: number };
      },
    }).createMachine({
      context: { count: 0 },
      initial: 'ticking',
      on: { 'sys.shutdown': '.done' },
      states: {
        ticking: {
          tags: ['ready'],
          after: {
            100: {
              target: 'ticking',
              reenter: true,
              actions: [
                assign({ count: ({ context }) => context.count + 1 }),
                emit(({ context }) => ({ type: 'tick' as const, count: context.count })),
              ],
            },
          },
        },
        done: { type: 'final' },
      },
    });
    const ticks: number[] = [];
    const start = () =>
      behaviour({ machine, effects: { tick: ({ count }) => void ticks.push(count) } });
    await probe.start({ children: [actor('clock', start)] });
    await probe.advance(350);
    expect(ticks).toEqual([1, 2, 3]);
    await probe.during(probe.system.stop());
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('does not get a delayed transition that it cancelled while that waited for its turn', () => {
    const steps: (() => void)[] = [];
    const timers: (() => void)[] = [];
    const scope = {
      after: (_delayMs: number, callback: () => void) => (timers.push(callback), () => undefined),
    };
    const clock = machineClock(scope as never, (fire) => steps.push(fire));
    const fired: string[] = [];
    const timer = clock.setTimeout(() => fired.push('cancelled'), 1);
    clock.setTimeout(() => fired.push('kept'), 1);
    for (const callback of timers) callback();
    clock.clearTimeout(timer);
    for (const step of steps) step();
    expect(fired).toEqual(['kept']);
  });

  it('is followed when it moves by itself, outside of any turn', async () => {
    const probe = new Probe();
    const load = fromPromise(() => Promise.resolve('loaded'));
    const machine = setup({ actors: { load } }).createMachine({
      initial: 'loading',
      states: {
        loading: { invoke: { src: 'load', onDone: 'ready' } },
        ready: { tags: ['ready'], entry: emit({ type: 'loaded' }) },
      },
    });
    const effects: string[] = [];
    const start = () =>
      behaviour({ machine, effects: { loaded: () => void effects.push('loaded') } });
    await probe.start({ children: [actor('a', start)] });
    expect(probe.node('a')?.state).toBe('ready');
    expect(effects).toEqual(['loaded']);
  });

  it('crashes in an endless loop of its own instead of hanging the process', async () => {
    const machine = setup({
      types: {} as { events: { type: 'again' } },
    }).createMachine({
      entry: raise({ type: 'again' }),
      on: { again: { actions: raise({ type: 'again' }) } },
    });
    const start = () => behaviour({ machine, effects: {} });
    await expect(new Probe().start({ children: [actor('a', start)] })).rejects.toThrow(
      'Infinite loop',
    );
  });

  it('crashes when it asks for an effect nobody carries out', async () => {
    const probe = new Probe();
    const machine = createMachine({
      initial: 'a',
      states: { a: { tags: ['ready'] } },
      on: { go: { actions: emit({ type: 'unknown' }) } },
    });
    await probe.start({
      children: [actor('a', () => behaviour({ machine, effects: {} }))],
      intensity: 5,
    });
    probe.system.ref('a').send({ type: 'go' });
    await probe.settle();
    expect(probe.node('a')?.lastExit?.reason).toContain("no handler for the effect 'unknown'");
  });

  it('sees its new state when a handler feeds it, and runs that effect after those that wait', async () => {
    const probe = new Probe();
    const machine = setup({
      types: {} as {
        events: { type: 'go' } | { type: 'next' };
        emitted: { type: 'one' } | { type: 'two' } | { type: 'three' };
      },
    }).createMachine({
      initial: 'a',
      states: {
        a: {
          tags: ['ready'],
          on: { go: { actions: [emit({ type: 'one' }), emit({ type: 'two' })] }, next: 'b' },
        },
        b: {
          tags: ['final one'],
          entry: emit({ type: 'three' }),
          initial: 'inner',
          states: { inner: {} },
        },
      },
    });
    const order: string[] = [];
    const start = () =>
      behaviour({
        machine,
        effects: {
          one: (_effect, lifecycle) => {
            lifecycle.send({ type: 'next' });
            order.push(`one in ${lifecycle.state()} ${lifecycle.hasTag('final one')}`);
          },
          two: () => void order.push('two'),
          three: () => void order.push('three'),
        },
      });
    await probe.start({ children: [actor('a', start)] });
    probe.system.ref('a').send({ type: 'go' });
    await probe.settle();
    expect(order).toEqual(['one in b.inner true', 'two', 'three']);
    expect(probe.node('a')?.state).toBe('b.inner');
  });

  it('forgets its remaining effects when one of them crashes', async () => {
    const probe = new Probe();
    const machine = createMachine({
      initial: 'a',
      states: { a: { tags: ['ready'] } },
      on: { go: { actions: [emit({ type: 'bad' }), emit({ type: 'good' })] } },
    });
    const order: string[] = [];
    const start = (cell: CellContext) =>
      behaviour({
        machine,
        effects: { bad: () => cell.crash(new Error('bad')), good: () => void order.push('good') },
      });
    await probe.start({ children: [actor('a', start)], intensity: 5 });
    probe.system.ref('a').send({ type: 'go' });
    await probe.settle();
    expect(order).toEqual([]);
    expect(probe.epoch('a')).toBe(2);
  });
});
