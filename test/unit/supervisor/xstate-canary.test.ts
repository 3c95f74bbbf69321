/**
 * Defects of XState that the runtime works around. A red test here is good news: the defect is gone, and the
 * workaround named beside it may go, too.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createActor, createMachine, fromCallback, setup } from 'xstate';

const run = promisify(execFile);

/** Runs a script in a process of its own, where uncaught exceptions are what is looked for. */
async function script(body: string): Promise<unknown> {
  const code = `
    import { createActor, createMachine, fromCallback, fromTransition } from 'xstate';
    const uncaught = [];
    process.on('uncaughtException', (error) => uncaught.push(error.constructor.name + ': ' + error.message));
    ${body}`;
  const cwd = new URL('../../..', import.meta.url);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd });
  return JSON.parse(stdout);
}

const after = (body: string) => `setTimeout(() => console.log(JSON.stringify(${body})), 30);`;

describe('XState still', () => {
  it('lets the children of a failed machine run on, out of reach (D1: cells are roots of their own)', () => {
    let cleanups = 0;
    const child = fromCallback(() => () => void (cleanups += 1));
    const machine = setup({ actors: { child } }).createMachine({
      invoke: { src: 'child', id: 'child' },
      on: {
        fail: {
          actions: () => {
            throw new Error('failed');
          },
        },
      },
    });
    const actor = createActor(machine);
    actor.subscribe({ error: () => undefined });
    actor.start();
    const { child: orphan } = actor.getSnapshot().children;
    actor.send({ type: 'fail' });
    actor.stop();
    expect(actor.getSnapshot().status).toBe('error');
    expect(orphan!.getSnapshot().status).toBe('active');
    expect(cleanups).toBe(0);
  });

  it('does not run the cleanup of a callback actor whose receiver throws (D2: scopes)', () => {
    let cleanups = 0;
    const logic = fromCallback(({ receive }) => {
      receive(() => {
        throw new Error('failed');
      });
      return () => void (cleanups += 1);
    });
    const actor = createActor(logic);
    actor.subscribe({ error: () => undefined });
    actor.start();
    actor.send({ type: 'anything' });
    expect(actor.getSnapshot().status).toBe('error');
    expect(cleanups).toBe(0);
  });

  it('knows nothing of an asynchronous throw inside an actor (D3: wrap and the owner of a context)', async () => {
    const result = await script(`
      const logic = fromCallback(() => { setTimeout(() => { throw new Error('late'); }, 1); });
      const actor = createActor(logic).start();
      ${after('[actor.getSnapshot().status, uncaught]')}`);
    expect(result).toEqual(['active', ['Error: late']]);
  });

  it('sends recursively across actors until the stack is full (D4: scheduler)', async () => {
    const result = await script(`
      const actors = [];
      for (let index = 0; index < 20000; index++) {
        const next = index - 1;
        actors.push(createActor(fromTransition((state) => { actors[next]?.send({ type: 'go' }); return state; }, {})).start());
      }
      actors.at(-1).send({ type: 'go' });
      ${after("[actors.at(-1).getSnapshot().status, actors.some((actor) => actor.getSnapshot().status === 'error'), uncaught.some((text) => text.includes('RangeError'))]")}`);
    expect(result).toEqual(['active', true, true]);
  });

  it('has a mailbox without limit that is cleared in silence (D5: mailboxes of slots)', () => {
    const actor = createActor(createMachine({ on: { tick: {} } }));
    for (let count = 0; count < 100_000; count += 1) actor.send({ type: 'tick' });
    const { mailbox } = actor as unknown as { mailbox: object };
    expect(['size', 'length', 'limit', 'capacity'].some((name) => name in mailbox)).toBe(false);
    actor.stop();
    expect(actor.getSnapshot().status).not.toBe('error');
  });

  it('stops children in start order, without waiting for them (D6: reverse, awaited, timed)', () => {
    const log: string[] = [];
    const child = (name: string) =>
      fromCallback(() => async () => {
        log.push(`${name} stopping`);
        await Promise.resolve();
        log.push(`${name} stopped`);
      });
    const machine = setup({ actors: { a: child('a'), b: child('b') } }).createMachine({
      invoke: [{ src: 'a' }, { src: 'b' }],
    });
    const actor = createActor(machine).start();
    const [first] = Object.values(actor.getSnapshot().children);
    expect(() => first!.stop()).toThrow();
    actor.stop();
    expect(log).toEqual(['a stopping', 'b stopping']);
  });

  it('makes a zombie of an actor that is started again (D7: a restart builds a new one)', () => {
    let handled = 0;
    const actor = createActor(
      createMachine({ on: { tick: { actions: () => void (handled += 1) } } }),
    ).start();
    actor.stop();
    actor.start();
    actor.send({ type: 'tick' });
    const { _processingStatus: status } = actor as unknown as { _processingStatus: number };
    expect([actor.getSnapshot().status, status]).toEqual(['stopped', 1]);
    expect(handled).toBe(1);
  });

  it('lets a throwing inspector break what it looks at (D8: no inspectors, traces are caught)', () => {
    const inspected = (type: string) =>
      createActor(createMachine({ on: { tick: {} } }), {
        inspect: (event) => {
          if (event.type === type && 'event' in event && event.event.type === 'tick')
            throw new Error('inspector');
        },
      });
    const first = inspected('@xstate.event').start();
    expect(() => first.send({ type: 'tick' })).toThrow('inspector');
    const second = inspected('@xstate.microstep');
    second.subscribe({ error: () => undefined });
    second.start().send({ type: 'tick' });
    expect(second.getSnapshot().status).toBe('error');
  });

  it('forgets delayed transitions in persisted snapshots (D9: deadlines are data)', () => {
    const timers: (() => void)[] = [];
    const clock = {
      setTimeout: (callback: () => void) => timers.push(callback),
      clearTimeout: () => undefined,
    };
    const machine = createMachine({
      initial: 'waiting',
      states: { waiting: { after: { 100: 'done' } }, done: {} },
    });
    const actor = createActor(machine, { clock: clock as never }).start();
    expect(timers).toHaveLength(1);
    const snapshot = actor.getPersistedSnapshot();
    createActor(machine, { clock: clock as never, snapshot }).start();
    expect(timers).toHaveLength(1);
  });

  it('looks at every delayed event of the system when one actor stops (D10: one system per cell)', () => {
    const looks = (count: number) => {
      const child = createMachine({ after: { 1_000: {} } });
      const parent = createMachine({
        invoke: Array.from({ length: count }, (_, index) => ({ src: child, id: `c${index}` })),
      });
      const clock = { setTimeout: () => 1, clearTimeout: () => undefined };
      const actor = createActor(parent, { clock: clock as never }).start();
      const { system } = actor as unknown as {
        system: { _snapshot: { _scheduledEvents: object } };
      };
      let seen = 0;
      system._snapshot._scheduledEvents = new Proxy(system._snapshot._scheduledEvents, {
        get: (target, key) => {
          seen += 1;
          return Reflect.get(target, key) as unknown;
        },
      });
      actor.stop();
      return seen;
    };
    expect(looks(200) / looks(100)).toBeGreaterThan(3);
  });
});
