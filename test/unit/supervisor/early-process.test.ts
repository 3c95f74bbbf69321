import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  EarlyProcess,
  nodeEnvironment,
  type Environment,
  type Host,
} from '#codi/supervisor/index.js';
import { deadline, eventually } from '../../support/deadline.ts';

const entry = new URL('./entries/echo.mjs', import.meta.url);

let forked: Host[];
let environment: Environment;

beforeEach(() => {
  forked = [];
  const real = nodeEnvironment();
  environment = {
    ...real,
    forkProcess: (asked, options) => {
      const host = real.forkProcess(asked, options);
      forked.push(host);
      return host;
    },
  };
});

afterEach(async () => {
  await Promise.all(forked.map((host) => host.kill()));
});

const newEarly = () => new EarlyProcess(environment, entry, 'early');

/** What is heard from now on. */
function listen(host: Host): any[] {
  const messages: any[] = [];
  host.onMessage((message) => messages.push(message));
  return messages;
}

it('is there when it is asked for, and has lost no message', async () => {
  const early = newEarly();
  const first = forked[0]!;
  const said = listen(first);
  await eventually('it to be up', () => said.length > 0);
  const host = early.environment.forkProcess(entry, { name: 'mine' });
  expect([forked.length, host.id]).toEqual([1, first.id]);
  const [one, other] = [listen(host), listen(host)];
  // Whoever takes it over has its own turn to the end.
  expect(one).toEqual([]);
  const exit = new Promise((resolve) => host.onExit(resolve));
  // The last it does.
  host.post({ type: 'burst', count: 50 });
  await eventually('all of it', () => one.length === 51);
  expect(one[0]).toMatchObject({ type: 'sys.ready' });
  expect(other).toEqual(one);
  expect(await deadline('its exit', exit)).toMatchObject({ code: 0 });
  // The next one is another.
  early.environment.forkProcess(entry, { name: 'mine' });
  expect(forked).toHaveLength(2);
  early.release();
  expect(forked).toHaveLength(2);
});

it('is not used when it has ended, or for another entry, or for one with data or variables', async () => {
  const early = newEarly();
  const { forkProcess } = early.environment;
  forkProcess(new URL('./entries/beating.mjs', import.meta.url), { name: 'other' });
  forkProcess(entry, { name: 'data', data: 1 });
  forkProcess(entry, { name: 'variables', env: { A: '1' } });
  expect(forked).toHaveLength(4);
  const ended = new Promise((resolve) => forked[0]!.onExit(resolve));
  await forked[0]!.kill();
  await deadline('its end', ended);
  forkProcess(entry, { name: 'mine' });
  expect(forked).toHaveLength(5);
});

it('ends when nobody has asked for it; one that cannot be started is started when it is asked for', async () => {
  const early = newEarly();
  const ended = new Promise((resolve) => forked[0]!.onExit(resolve));
  early.release();
  await deadline('its end', ended);
  const { forkProcess } = environment;
  environment.forkProcess = () => {
    throw new Error('no processes');
  };
  const late = newEarly();
  environment.forkProcess = forkProcess;
  expect(late.environment.forkProcess(entry, { name: 'mine' })).toBe(forked[1]);
  late.release();
});
