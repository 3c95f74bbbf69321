import { behaviour, setup } from '#codi/supervisor/statechart.js';
import type { ActorSpec } from '#codi/supervisor/index.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { DebugWorld } from '../../../support/debug-world.ts';

const machine = setup({}).createMachine({
  id: 'worker',
  initial: 'working',
  context: { secret: 'x' },
  on: { 'sys.shutdown': '.ended' },
  states: {
    working: { tags: ['ready'], on: { rest: 'resting' } },
    resting: { tags: ['ready'] },
    ended: { type: 'final' },
  },
});

/** Never gets ready. */
const slow = setup({}).createMachine({ id: 'slow', initial: 'getting', states: { getting: {} } });

/** Takes anything; `fail` crashes it. */
function worker(id: string): ActorSpec<{ type: string }> {
  return {
    type: 'worker',
    id,
    start: () =>
      behaviour({
        machine,
        effects: {},
        receive: (message, lifecycle) => {
          if (message.type === 'fail') throw new Error('failed 7');
          lifecycle.send(message);
        },
      }),
  };
}

let debug: DebugWorld;
const send = (path: string, type: string) => debug.world.system.ref(path).send({ type });
const settle = () => debug.world.settle();

beforeEach(async () => {
  debug = await DebugWorld.start([worker('a'), worker('b')]);
});

describe('What is pushed', () => {
  test('The tree comes first, then its changes: at once, and then at most four times a second.', async () => {
    expect(debug.pushes[0]).toMatchObject({ tree: { root: { path: 'root' } } });
    await debug.world.advance(1_000);
    const before = debug.pushes.length;
    send('a', 'rest');
    await debug.world.advance(1);
    expect(debug.pushes.slice(before)).toMatchObject([
      { deltas: [{ kind: 'changed', path: 'a', node: { state: 'resting' } }] },
    ]);
    debug.world.system.kill('b');
    await debug.world.advance(200);
    expect(debug.pushes).toHaveLength(before + 1);
    await debug.world.advance(50);
    expect(debug.pushes).toHaveLength(before + 2);
  });

  test('A thread that does not take what it was pushed gets nothing more until it does.', async () => {
    await debug.world.advance(1_000);
    debug.isStuck = true;
    const before = debug.pushes.length;
    for (let count = 0; count < 10; count++) {
      debug.world.system.kill('a');
      await debug.world.advance(5_000);
    }
    expect(debug.pushes).toHaveLength(before + 1);
    debug.host.emit({ type: 'pushed' });
    await debug.world.advance(1);
    expect(debug.pushes).toHaveLength(before + 2);
    expect(debug.pushes.at(-1)!.reports!.length).toBeGreaterThan(9);
  });

  test('Nothing is pushed while nothing happens.', async () => {
    await debug.world.advance(1_000);
    const before = debug.pushes.length;
    await debug.world.advance(300_000);
    expect(debug.pushes).toHaveLength(before);
    // The log of the tree was read all the time: the next change is a delta, not a new tree.
    send('a', 'rest');
    await debug.world.advance(250);
    expect(debug.pushes.at(-1)).toMatchObject({ deltas: [{ path: 'a' }] });
  });

  test('Crashes come as they are, reports numbered without a gap.', async () => {
    for (let count = 0; count < 3; count++) {
      send('a', 'fail');
      await debug.world.advance(300);
    }
    const crashes = debug.pushes.flatMap((push) => push.crashes ?? []);
    expect(crashes.at(-1)).toMatchObject({ path: 'a', count: 3, message: 'fail' });
    const seqs = debug.pushes.flatMap((push) => push.reports ?? []).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(seqs).toHaveLength(debug.world.reports.length);
  });

  test('A new incarnation tells its thread everything again, and the old one hears of nothing.', async () => {
    debug.host.exit({ code: 1, signal: null });
    await debug.world.advance(1_000);
    expect(debug.pushes[0]).toMatchObject({ tree: { root: { path: 'root' } } });
    expect(debug.pushes[0]!.reports![0]).toMatchObject({ seq: 1 });
    expect(debug.listeners.size).toBe(1);
  });
});

describe('Reading', () => {
  test('What changed is pushed before each answer.', () => {
    send('a', 'x');
    debug.world.system.kill('b');
    const before = debug.pushes.length;
    expect(debug.ask('sync', {})).toBeNull();
    expect(debug.pushes.length).toBe(before + 1);
    const types = debug.host.posted.slice(-2).map((message: any) => message.type);
    expect(types).toEqual(['push', 'answer']);
  });

  test('A question that comes too late is not carried out.', () => {
    expect(debug.ask('kill', { path: 'a' }, -1)).toBe('expired');
    expect(debug.acts).toEqual([]);
  });

  test('An actor is shown with its numbers, last messages, timers and what it holds.', async () => {
    send('a', 'rest');
    await settle();
    const view = debug.ask('inspect', { path: 'a' });
    expect(view).toMatchObject({
      name: 'a',
      stats: { path: 'a', messages_in: 1, mailbox: { count: 0 } },
      recent: [{ type: 'rest', outcome: 'handled' }],
      links: [],
      timers: [],
    });
    expect(debug.ask('inspect', { path: 'root' })).toBeNull();
    expect(debug.ask('recent', { path: 'a' }).headers).toEqual(view.recent);
    expect(debug.ask('stats', {}).actors).toHaveLength(3);
    expect(debug.ask('stats', { path: 'a' }).actors).toEqual([view.stats]);
  });

  test('A machine is shown with its states and next events, its context by shape.', () => {
    const view = debug.ask('peek', { path: 'a' });
    expect(view).toMatchObject({
      state: 'working',
      tags: ['ready'],
      context: { secret: '<string>' },
      next_events: ['rest', 'sys.shutdown'],
      states: ['working', 'resting', 'ended'],
    });
    expect(view).not.toHaveProperty('definition');
    const { definition } = debug.ask('peek', { path: 'a', definition: true });
    expect(Object.keys(definition.states)).toEqual(['working', 'resting', 'ended']);
  });

  test('What is not there, is no actor or does not run is said to be so.', async () => {
    for (const verb of ['peek', 'recent', 'stats', 'why', 'leaks'] as const)
      expect(debug.ask(verb, { path: 'gone' })).toEqual({ refused: 'CODI_ACTOR_NOT_FOUND' });
    for (const verb of ['peek', 'recent', 'stats'] as const)
      expect(debug.ask(verb, { path: 'root' })).toEqual({ refused: 'CODI_MESSAGE_INVALID' });
    await debug.world.during(debug.world.system.stopActor('a'));
    expect(debug.ask('peek', { path: 'a' })).toEqual({ refused: 'CODI_ACTOR_NOT_RUNNING' });
    expect(debug.ask('suspend', { path: 'a' })).toEqual({ refused: 'CODI_ACTOR_NOT_RUNNING' });
  });

  test('Why says it in sentences, and what to do.', async () => {
    expect(debug.ask('why', { path: 'a' })).toMatchObject({ is_running: true, causes: [] });
    await debug.world.during(debug.world.system.stopActor('a'));
    expect(debug.ask('why', { path: 'a' })).toMatchObject({
      is_running: false,
      state: 'stopped',
      causes: [{ kind: 'stoppedByOperator', text: 'somebody stopped it' }],
      hint: 'start it with `codi restart a`',
    });
  });

  test('Leaks names what is held and by whom.', () => {
    const leaks = debug.ask('leaks', {});
    expect(leaks).toMatchObject({ handles: { Timeout: 1 }, orphans: [], unstopped: [] });
    expect(new Set(leaks.resources.map(({ owner }: any) => owner))).toEqual(new Set(['debug#1']));
  });

  test('Frames show who did most since the last one, and measuring ends when nobody looks.', async () => {
    for (let count = 0; count < 3; count++) send('b', 'x');
    await settle();
    const frame = debug.ask('frame', { limit: 2 });
    expect(frame).toMatchObject({ omitted: 1, service: { state: 'healthy' } });
    expect(frame.actors.map(({ path }: any) => path)[0]).toBe('b');
    send('a', 'x');
    await settle();
    expect(debug.ask('frame', { limit: 1 }).actors[0].path).toBe('a');
    expect([debug.measured, debug.measuringEnded]).toEqual([2, 0]);
    await debug.world.advance(10_000);
    expect(debug.measuringEnded).toBe(1);
  });
});

describe('Writing', () => {
  test('A kill is answered and recorded first and carried out then.', async () => {
    const killed = debug.ask('kill', { path: 'a', reason: 'too old' });
    expect([killed, debug.world.node('a')?.epoch]).toEqual([{ path: 'a', epoch: 1 }, 1]);
    const data = { epoch: 1, counted: false, reason: 'too old' };
    expect(debug.acts).toEqual([{ verb: 'kill', subject: 'a', outcome: 'done', data }]);
    await settle();
    expect(debug.world.node('a')).toMatchObject({ epoch: 2, state: 'working' });
    expect(debug.world.node('a')?.lastExit?.reason).toContain('too old');
  });

  test('A thread that does not pass the answer on is not waited for.', async () => {
    debug.isStuck = true;
    debug.ask('kill', { path: 'debug' });
    await debug.world.advance(99);
    expect(debug.world.node('debug')?.epoch).toBe(1);
    await debug.world.advance(1);
    expect(debug.world.node('debug')?.epoch).toBe(2);
  });

  test('A stopped actor stays down until it is restarted.', async () => {
    debug.ask('stop', { path: 'a' });
    await debug.world.advance(5);
    expect(debug.world.node('a')?.state).toBe('stopped');
    expect(debug.ask('restart', { path: 'a' })).toEqual({ path: 'a', epoch: 1 });
    await debug.world.advance(5);
    expect(debug.world.node('a')).toMatchObject({ state: 'working', epoch: 2 });
  });

  test('A suspended actor goes on by itself, or when it is told to.', async () => {
    const { until } = debug.ask('suspend', { path: 'a', ttl_ms: 1_000 });
    expect(Date.parse(until)).toBe(debug.world.environment.clock.nowMs() + 1_000);
    expect(debug.ask('resume', { path: 'a' })).toEqual({ path: 'a', was_suspended: true });
    expect(debug.ask('resume', { path: 'a' })).toEqual({ path: 'a', was_suspended: false });
    expect(debug.acts.map(({ verb }) => verb)).toEqual(['suspend', 'resume', 'resume']);
  });

  test('Refused acts on a real actor are recorded as well, others are not.', () => {
    expect(debug.ask('kill', { path: 'root' })).toEqual({ refused: 'CODI_ROOT_KILL' });
    expect(debug.ask('suspend', { path: 'root' })).toEqual({ refused: 'CODI_MESSAGE_INVALID' });
    expect(debug.ask('resume', { path: 'root' })).toEqual({ refused: 'CODI_MESSAGE_INVALID' });
    for (const verb of ['stop', 'suspend'] as const)
      expect(debug.ask(verb, { path: 'debug' })).toEqual({ refused: 'CODI_NOT_PERMITTED' });
    for (const verb of ['kill', 'restart', 'stop', 'suspend', 'resume'] as const)
      expect(debug.ask(verb, { path: 'x' })).toEqual({ refused: 'CODI_ACTOR_NOT_FOUND' });
    const recorded = debug.acts.map(({ verb, subject, outcome }) => [verb, subject, outcome]);
    expect(recorded).toEqual([
      ['kill', 'root', 'refused'],
      ['suspend', 'root', 'refused'],
      ['resume', 'root', 'refused'],
      ['stop', 'debug', 'refused'],
      ['suspend', 'debug', 'refused'],
    ]);
  });

  test('While the daemon starts nothing is ended: it would end with it.', async () => {
    debug = await DebugWorld.start([
      { ...worker('late'), start: () => behaviour({ machine: slow, effects: {} }) },
    ]);
    for (const verb of ['kill', 'restart', 'stop'] as const)
      expect(debug.ask(verb, { path: 'late' })).toEqual({ refused: 'CODI_TRY_AGAIN' });
    await settle();
    expect(debug.world.node('late')).toMatchObject({ epoch: 1, state: 'starting' });
  });

  test('Dead letters are sent again, a bounded number of them.', async () => {
    for (let count = 0; count < 150; count++) send('nobody', `m${count}`);
    expect(debug.ask('deadletters', { limit: 1 })).toMatchObject({
      counts: { kept: 150, unknown: 150 },
      letters: [{ to: 'nobody', type: 'm149', cause: 'unknown' }],
    });
    expect(debug.ask('replay', {})).toEqual({ refused: 'CODI_MESSAGE_INVALID' });
    expect(debug.ask('replay', { to: 'nobody' })).toMatchObject({ failed: 100, queued: 0 });
    expect(debug.ask('replay', { ids: [1, 2], limit: 1 })).toMatchObject({ failed: 1 });
    expect(debug.acts[0]).toMatchObject({
      verb: 'replay',
      subject: 'nobody',
      data: { failed: 100 },
    });
  });

  test('Without the grant nothing that changes something is carried out.', async () => {
    debug = await DebugWorld.start([worker('a')], { canWrite: false });
    for (const verb of ['kill', 'restart', 'stop', 'suspend', 'resume'] as const)
      expect(debug.ask(verb, { path: 'a' })).toEqual({ refused: 'CODI_MESSAGE_UNKNOWN' });
    expect(debug.ask('inspect', { path: 'a' })).toHaveProperty('stats');
  });
});

test('Stopping ends the thread.', async () => {
  const stopping = debug.world.system.stop();
  await settle();
  expect(debug.host.posted.at(-1)).toEqual({ type: 'stop' });
  debug.host.exit();
  await expect(debug.world.during(stopping)).resolves.toMatchObject({ unstopped: [] });
});
