import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  nodeEnvironment,
  type Host,
  type HostExit,
  type HostOptions,
} from '#codi/supervisor/index.js';
import { deadline, eventually } from '../../support/deadline.ts';
import { skipUnless } from '../../support/skip.ts';

const entry = new URL('./entries/echo.mjs', import.meta.url);
const environment = nodeEnvironment();
const hosts: Host[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.kill()));
});

function spawn(kind: 'thread' | 'process', options: Omit<HostOptions, 'name'> = {}) {
  const make = kind === 'thread' ? environment.spawnThread : environment.forkProcess;
  const host = make(entry, { name: `echo ${kind}`, ...options });
  hosts.push(host);
  const messages: any[] = [];
  host.onMessage((message) => messages.push(message));
  const exit = new Promise<HostExit>((resolve) => host.onExit(resolve));
  const message = (type: string) =>
    eventually(`message ${type}`, () => messages.find((candidate) => candidate.type === type));
  return { host, messages, exit, message };
}

describe.each(['thread', 'process'] as const)('a real %s', (kind) => {
  it('gets data and environment, and exchanges structured values', async () => {
    const { host, message } = spawn(kind, { data: { big: 7n }, env: { GREETING: 'hello' } });
    expect(await message('sys.ready')).toEqual({ type: 'sys.ready', answer: 42 });
    host.post({ type: 'ask' });
    const told = await message('told');
    expect(told).toMatchObject({ data: { big: 7n }, greeting: 'hello' });
    if (kind === 'process') expect(host.tag).toBe(`pid ${told.pid}`);
    else expect(host.tag).toMatch(/^thread \d+$/);
    host.post({ type: 'echo', bytes: new Uint8Array([1, 2]), map: new Map([[1, 2n]]) });
    const echo = await message('echo');
    expect([...echo.bytes]).toEqual([1, 2]);
    expect(echo.map).toEqual(new Map([[1, 2n]]));
  });

  it('tells its exit code, and the error it died of', async () => {
    const clean = spawn(kind);
    await clean.message('sys.ready');
    clean.host.post({ type: 'exit', code: 0 });
    expect(await deadline('exit', clean.exit)).toEqual({ code: 0, signal: null });
    const crashed = spawn(kind);
    await crashed.message('sys.ready');
    crashed.host.post({ type: 'crash' });
    const { code, error } = await deadline('exit', crashed.exit);
    expect(code).toBe(1);
    expect(String(error)).toContain('told to crash');
  });

  it('dies when killed, even while it spins', async () => {
    const { host, message, exit } = spawn(kind);
    await message('sys.ready');
    host.post({ type: 'spin' });
    await deadline('kill', host.kill());
    await deadline('exit', exit);
    host.post({ type: 'nobody hears it' });
    await deadline('second kill', host.kill());
  });

  it('has told all its messages when its exit is told', async () => {
    const { host, messages, message, exit } = spawn(kind);
    await message('sys.ready');
    host.post({ type: 'burst', count: 2_000 });
    await deadline('exit', exit);
    expect(messages.filter(({ type }) => type === 'burst')).toHaveLength(2_000);
  });
});

describe('a real process', () => {
  it('gets the arguments of Node that it was asked for, and none of its parent', async () => {
    const { message, host } = spawn('process', { nodeArgs: ['--no-warnings'] });
    await message('sys.ready');
    host.post({ type: 'ask' });
    expect((await message('told')).execArgv).toEqual(['--no-warnings']);
  });

  it.runIf(process.platform === 'linux')('has a session of its own', async () => {
    const { host, message } = spawn('process');
    await message('sys.ready');
    const pid = Number(host.tag.slice(4));
    // After the name in parentheses: state, ppid, pgrp, session.
    const [, , , session] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    expect(Number(session)).toBe(pid);
  });
});

describe('the real clock', () => {
  it('is monotonic, fires timers and immediates, and forgets cleared ones', async () => {
    const { clock } = environment;
    const before = clock.monotonicMs();
    const fired: string[] = [];
    clock.clearTimeout(clock.setTimeout(() => fired.push('cleared'), 1));
    clock.setImmediate(() => fired.push('immediate'));
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 5));
    expect(fired).toEqual(['immediate']);
    expect(clock.monotonicMs() - before).toBeGreaterThan(3);
    const late = clock.setTimeout(() => fired.push('too soon'), 2 ** 40);
    await new Promise((resolve) => setTimeout(resolve, 5));
    clock.clearTimeout(late);
    expect(fired).toEqual(['immediate']);
  });
});

const onLinux = skipUnless(process.platform === 'linux', 'it reads /proc');

onLinux('a thread that is killed while it loads leaves no descriptor open', async () => {
  const loading = new URL('../../../dist/supervisor/index.js', import.meta.url);
  const open = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return /\/(dist\/supervisor|node_modules\/xstate)\//.test(
          readlinkSync(`/proc/self/fd/${fd}`),
        );
      } catch {
        return false;
      }
    });
  const before = open();
  for (let delayMs = 10; delayMs < 130; delayMs += 6) {
    const host = nodeEnvironment().spawnThread(loading, { name: 'loading' });
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await host.kill();
  }
  expect(open()).toEqual(before);
});
