import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  EarlyHosts,
  nodeEnvironment,
  type ChildSpec,
  type Environment,
  type Host,
  type Isolation,
  type SupervisorSpec,
} from '#codi/supervisor/index.js';
import { deadline, eventually } from '../../support/deadline.ts';

const entry = new URL('./entries/echo.mjs', import.meta.url);
const process = { kind: 'process', entry } as const;

/** Threads and processes, in the order they were started in. */
let started: Host[];
let environment: Environment;
let early: EarlyHosts;

beforeEach(() => {
  started = [];
  const real = nodeEnvironment();
  const noted = (host: Host) => {
    started.push(host);
    return host;
  };
  environment = {
    ...real,
    forkProcess: (asked, options) => noted(real.forkProcess(asked, options)),
    spawnThread: (asked, options) => noted(real.spawnThread(asked, options)),
  };
  early = new EarlyHosts(environment);
});

afterEach(async () => {
  await Promise.all(started.map((host) => host.kill()));
});

/** What is heard from now on. */
function listen(host: Host): any[] {
  const messages: any[] = [];
  host.onMessage((message) => messages.push(message));
  return messages;
}

const endOf = (host: Host) =>
  deadline('its end', new Promise<unknown>((resolve) => host.onExit(resolve)));

it('is there when it is asked for, and has lost no message', async () => {
  early.start(process, 'early');
  const first = started[0]!;
  const said = listen(first);
  await eventually('it to be up', () => said.length > 0);
  const host = early.environment.forkProcess(entry, { name: 'mine' });
  expect([started.length, host.id]).toEqual([1, first.id]);
  const [one, other] = [listen(host), listen(host)];
  // Whoever takes it over has its own turn to the end.
  expect(one).toEqual([]);
  const exit = endOf(host);
  // The last it does.
  host.post({ type: 'burst', count: 50 });
  await eventually('all of it', () => one.length === 51);
  expect(one[0]).toMatchObject({ type: 'sys.ready' });
  expect(other).toEqual(one);
  expect(await exit).toMatchObject({ code: 0 });
  // The next one is another.
  early.environment.forkProcess(entry, { name: 'mine' });
  expect(started).toHaveLength(2);
  await early.release();
  expect(started).toHaveLength(2);
});

it('is not used for another entry, or for one with other data, variables or arguments', async () => {
  early.start(process, 'early');
  const { forkProcess, spawnThread } = early.environment;
  forkProcess(new URL('./entries/beating.mjs', import.meta.url), { name: 'other' });
  forkProcess(entry, { name: 'data', data: 1 });
  forkProcess(entry, { name: 'variables', env: { A: '1' } });
  forkProcess(entry, { name: 'arguments', nodeArgs: ['--no-warnings'] });
  spawnThread(entry, { name: 'thread' });
  expect(started).toHaveLength(6);
});

it('is the one that was asked for with the same variables and arguments', () => {
  const same = { env: { A: '1' }, nodeArgs: ['--no-warnings'] };
  early.start({ ...process, ...same }, 'early');
  early.environment.forkProcess(entry, { name: 'mine', ...same });
  expect(started).toHaveLength(1);
});

it('is started anew when it ended without a word', async () => {
  early.start(process, 'early');
  const ended = endOf(started[0]!);
  await started[0]!.kill();
  await ended;
  early.environment.forkProcess(entry, { name: 'mine' });
  expect(started).toHaveLength(2);
});

it('tells what it said and that it ended, when it did so before anybody asked', async () => {
  early.start({ kind: 'thread', entry }, 'early');
  const ended = endOf(started[0]!);
  started[0]!.post({ type: 'burst', count: 3 });
  await ended;
  const host = early.environment.spawnThread(entry, { name: 'mine' });
  const said = listen(host);
  expect(await endOf(host)).toMatchObject({ code: 0 });
  expect(said.map(({ type }) => type)).toEqual(['sys.ready', 'burst', 'burst', 'burst']);
  expect(started).toHaveLength(1);
});

it('ends one that says more than anybody wants to keep, and starts it anew in its turn', async () => {
  early.start({ kind: 'thread', entry }, 'early');
  const ended = endOf(started[0]!);
  started[0]!.post({ type: 'burst', count: 1_500 });
  await ended;
  const host = early.environment.spawnThread(entry, { name: 'mine' });
  expect([started.length, host.id]).toEqual([2, started[1]!.id]);
});

it('starts all of a tree that may begin before their turn, each for the actor whose data it has', async () => {
  const actor = (id: string, isolation: Isolation): ChildSpec => ({
    ...{ type: 'worker', id, isolation },
    start: () => {
      throw new Error('not started here');
    },
  });
  const data = [{ number: 0 }, { number: 1 }, { number: 2 }];
  const thread = (number: number, isEarly: boolean): Isolation => ({
    ...{ kind: 'thread', entry, data: data[number], isEarly },
  });
  const below: SupervisorSpec = {
    ...{ type: 'supervisor', id: 'below', strategy: 'one_for_one' },
    children: [
      actor('late', thread(1, false)),
      actor('two', thread(2, true)),
      actor('inline', { kind: 'inline' }),
    ],
  };
  early.startAll({ ...below, id: 'root', children: [actor('one', thread(0, true)), below] });
  expect(started).toHaveLength(2);
  const second = early.environment.spawnThread(entry, { name: 'second', data: data[2] });
  const said = listen(second);
  second.post({ type: 'ask' });
  await eventually('its answer', () => said.some(({ type }) => type === 'told'));
  expect(said.at(-1)).toMatchObject({ data: { number: 2 } });
  expect([second.id, started.length]).toEqual([started[1]!.id, 2]);
});

it('has ended when it is released, and what cannot be started is started when it is asked for', async () => {
  early.start(process, 'early');
  early.start({ kind: 'thread', entry }, 'early');
  const ends = Promise.all(started.map(endOf));
  await early.release();
  expect(await ends).toHaveLength(2);
  const { forkProcess } = environment;
  environment.forkProcess = () => {
    throw new Error('no processes');
  };
  early.start(process, 'late');
  environment.forkProcess = forkProcess;
  early.environment.forkProcess(entry, { name: 'mine' });
  expect(started).toHaveLength(3);
});
