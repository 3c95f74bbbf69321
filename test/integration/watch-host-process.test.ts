import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { deadline } from '../support/deadline.ts';
import { WatchHostProcess } from '../support/watch-host-process.ts';
import { ROOT_OPTIONS } from '../support/watch-world.ts';

/** The runtime's, not the watch host's own. */
const ALIVE: string = 'sys.alive';

let base: string;
let host: WatchHostProcess;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'codi-host-'));
  host = new WatchHostProcess();
  await host.until(() => host.messages.some(({ type }) => type === 'sys.ready'), 'it is ready');
});
afterEach(async () => {
  await host.stop();
  rmSync(base, { recursive: true, force: true });
});

test('It ignores signals meant for its parent and ends at once when the channel closes.', async () => {
  await host.watch(1, base);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) host.child.kill(signal);
  const beats = () => host.messages.filter(({ type }) => type === ALIVE).length;
  const heard = beats();
  await host.until(() => beats() > heard, 'its heart goes on beating');
  const before = performance.now();
  host.child.disconnect();
  expect(await host.exited).toBe(0);
  expect(performance.now() - before).toBeLessThan(2_000);
});

test('It ends also when the channel closes while it starts.', async () => {
  const roots = Array.from({ length: 6 }, (_, at) => at * 40);
  const codes = roots.map(async (delayMs) => {
    const young = new WatchHostProcess();
    const path = bytePathFromUtf8(base);
    young.send({ type: 'watch', root: 1, path, options: ROOT_OPTIONS });
    young.send({ type: 'index', root: 1, page: packIndex([]).bytes, done: true });
    setTimeout(() => young.child.disconnect(), delayMs);
    return deadline('its end', young.exited, 20_000);
  });
  expect(await Promise.all(codes)).toEqual(roots.map(() => 0));
});

test('It stops when told to.', async () => {
  host.send({ type: 'stop' });
  expect(await host.exited).toBe(0);
});

test('A single change is told in well under 100 ms, one at a time, as seen by a hint.', async () => {
  writeFileSync(join(base, 'f'), '');
  await host.watch(1, base);
  const delaysMs: number[] = [];
  for (let round = 0; round < 20; round++) {
    host.events.length = 0;
    const before = performance.now();
    appendFileSync(join(base, 'f'), 'x');
    await host.until(() => host.events.length > 0, 'the change is told');
    delaysMs.push(performance.now() - before);
    expect(host.events[0]).toMatchObject({ event: 'update', path: 'f', seen: 'native' });
  }
  delaysMs.sort((a, b) => a - b);
  expect(delaysMs[10]).toBeLessThan(100);
});

test('A sync covers what was written just before, for named paths and for the whole root.', async () => {
  const fold = await host.watch(1, base);
  for (let id = 1; id <= 20; id++) {
    const name = `d${id}/e/f`;
    mkdirSync(join(base, `d${id}`, 'e'), { recursive: true });
    writeFileSync(join(base, name), 'x');
    const paths = [bytePathFromUtf8(name)];
    host.send({ type: 'sync', root: 1, id, ...(id % 2 === 0 && { paths }) });
    const synced = () => host.messages.some((told) => told.type === 'synced' && told.id === id);
    await host.until(synced, 'it is synced');
    expect(fold.entries.has(bytePathFromUtf8(name))).toBe(true);
  }
});

test('After standing still while more happened than the kernel remembers, everything is found.', async () => {
  await host.watch(1, base);
  host.child.kill('SIGSTOP');
  for (let index = 0; index < 9_000; index++) writeFileSync(join(base, `f${index}`), 'x');
  host.child.kill('SIGCONT');
  await host.untilEqual(1, base);
  const told = () => host.messages.findLast(({ type }) => type === 'counters');
  await host.until(() => told() !== undefined, 'the suspicion is counted');
});

test('Different roots, one inside the other, are told apart.', async () => {
  mkdirSync(join(base, 'in'));
  const [outer, inner] = [await host.watch(1, base), await host.watch(2, join(base, 'in'))];
  writeFileSync(join(base, 'in', 'f'), 'x');
  await host.until(() => outer.entries.size === 2 && inner.entries.size === 1, 'both know');
  host.send({ type: 'unwatch', root: 1 });
  writeFileSync(join(base, 'in', 'g'), 'x');
  await host.until(() => inner.entries.size === 2, 'the other one goes on');
  expect(outer.entries.size).toBe(2);
});

test('It does nothing while nothing happens.', async () => {
  for (let index = 0; index < 2_000; index++) writeFileSync(join(base, `f${index}`), '');
  await host.watch(1, base);
  const before = cpuTicks(host.child.pid!);
  const startedMs = performance.now();
  await host.until(() => performance.now() - startedMs > 2_000, 'two seconds went by');
  expect(cpuTicks(host.child.pid!) - before).toBeLessThanOrEqual(6);
});

/** User and system time of a process, in ticks of 10 ms (proc(5), fields 14 and 15). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test('A `.gitignore` that is a pipe or a link holds nothing up and is not followed; a regular one is obeyed.', async () => {
  for (const name of ['pipe', 'link', 'real']) {
    mkdirSync(join(base, name));
    writeFileSync(join(base, name, 'a.tmp'), '');
  }
  writeFileSync(join(base, 'rules'), '*.tmp\n');
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(base, 'pipe', '.gitignore')]);
  symlinkSync('../rules', join(base, 'link', '.gitignore'));
  writeFileSync(join(base, 'real', '.gitignore'), '*.tmp\n');
  const fold = await host.watch(1, base, { useGitignore: true });
  const paths = () => [...fold.entries.keys()].filter((path) => path.endsWith('a.tmp')).sort();
  expect(paths()).toEqual(['link/a.tmp', 'pipe/a.tmp']);
  writeFileSync(join(base, '.gitignore'), 'pipe/\n');
  await host.until(() => paths().length === 1, 'the new rules hold');
  expect(paths()).toEqual(['link/a.tmp']);
});
