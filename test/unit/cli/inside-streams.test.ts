import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actorStats, topFrame } from '../../support/actor-views.ts';
import { runInProcess } from '../../support/cli-harness.ts';
import { FakeDebugServer, treeNode } from '../../support/fake-debug-server.ts';

const AT = '2026-03-10T14:02:11.123Z';
const BEGUN = { result: { subscription: 1 } };
const event = (value: object) => ({ subscription: 1, event: value });
const end = (reason: string, dropped = 0) => ({ subscription: 1, end: reason, dropped });

describe('streams from inside', () => {
  let dir: string;
  let server: FakeDebugServer | undefined;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'codi-debug-'));
  });

  afterEach(async () => {
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const serve = async (answer: Parameters<typeof FakeDebugServer.start>[1]) => {
    server = await FakeDebugServer.start(join(dir, 'm.debug.sock'), answer);
  };
  const codi = (...line: string[]) => runInProcess(line, { socketPath: join(dir, 'm.sock') });
  const follow = (...line: string[]) => {
    const signals = new EventEmitter();
    let seen = '';
    const run = runInProcess(line, {
      socketPath: join(dir, 'm.sock'),
      signals,
      onOutput: (text) => (seen += text),
    });
    const shows = (text: string) => expect.poll(() => seen, { timeout: 10_000 }).toContain(text);
    return { run, signals, shows };
  };

  it('trace prints a line per message and says why it ended and what it missed', async () => {
    const handled = {
      seq: 1,
      at: AT,
      path: 'core/bus',
      epoch: 1,
      type: 'publish',
      kind: 'handled',
      wait_ms: 0.1,
      handle_ms: 0.3,
      outcome: 'handled',
      state: 'idle',
    };
    const sent = {
      seq: 2,
      at: AT,
      path: 'core/bus',
      epoch: 1,
      type: 'x\u001b',
      kind: 'sent',
      to: 'core',
    };
    await serve(() => ({ ...BEGUN, lines: [event({ events: [handled, sent] }), end('limit', 7)] }));
    const run = await codi('trace', 'core/*', '--limit', '2', '--for', '10s', '--direction', 'in');
    expect(server!.requests[0]).toMatchObject({
      verb: 'trace',
      pattern: 'core/*',
      limit: 2,
      for_ms: 10_000,
      direction: 'handled',
    });
    const [first, second] = run.out.split('\n');
    expect(first).toMatch(
      /:02:11\.123 {2}core\/bus#1 {2}← publish {2}waited 0\.1 ms, took 0\.3 ms {2}then idle$/,
    );
    expect(second).toMatch(/→ x\\e to core$/);
    expect(run.notes).toBe(
      '2 messages, 7 left out because they came too fast; the limit is reached\n',
    );
    expect((await codi('trace', '*', '--json')).json()).toHaveLength(2);
    expect((await codi('trace', '*', '--direction', 'up')).exitCode).toBe(2);
  });

  it('inspect --stately passes the messages on as they are', async () => {
    const message = { type: '@xstate.actor', _version: '1', createdAt: '1', sessionId: 'x:1' };
    await serve(() => ({ ...BEGUN, lines: [event(message), end('expired')] }));
    const run = await codi('inspect', 'core/**', '--stately', '--limit', '5', '--for', '2s');
    expect(run.json()).toEqual([message]);
    expect(server!.requests[0]).toMatchObject({ verb: 'stately', limit: 5, for_ms: 2_000 });
  });

  it('tree --watch prints a line per change that means something to people', async () => {
    const { children: _, ...lone } = treeNode('root/a');
    const root = treeNode('root', { children: [treeNode('root/a')] });
    await serve(() => ({ ...BEGUN, lines: [event({ kind: 'snapshot', seq: 1, root })] }));
    const { run, signals, shows } = follow('tree', '--watch');
    await expect.poll(() => server!.requests.length).toBe(1);
    const changed = (extra: object) => ({
      kind: 'changed',
      path: 'root/a',
      node: { ...lone, ...extra },
    });
    const deltas = [
      { seq: 2, ...changed({ uptime_ms: 99 }) },
      { seq: 3, ...changed({ state: 'restarting', last_exit: { reason: 'killed', at: AT } }) },
      { seq: 4, kind: 'added', parent: 'root', node: { ...lone, path: 'root/b' } },
      { seq: 5, kind: 'removed', path: 'root/b' },
    ];
    server!.push(event({ kind: 'deltas', deltas }));
    await shows('removed  root/b');
    signals.emit('SIGINT');
    const lines = (await run).out.trim().split('\n');
    expect(lines.map((line) => line.replace(/^.*?:\d\d {2}/, ''))).toEqual([
      'changed  root/a  restarting  epoch 1  (killed)',
      'added    root/b  running  epoch 1',
      'removed  root/b',
    ]);
  });

  it('crashes --reports -f goes on over a restart of the daemon and repeats nothing', async () => {
    const report = (seq: number) => ({
      seq,
      at: AT,
      kind: 'childStarted',
      path: `a${seq}`,
      detail: {},
    });
    await serve(() => ({ ...BEGUN, lines: [event(report(1)), event(report(2))] }));
    const { run, signals, shows } = follow('crashes', '--reports', '-f', '--json');
    await shows('"a2"');
    await server!.stop();
    await serve(() => ({ ...BEGUN, lines: [event(report(2)), event(report(3))] }));
    await shows('"a3"');
    signals.emit('SIGTERM');
    const { json, notes, exitCode } = await run;
    expect(json().map((row) => row['seq'])).toEqual([1, 2, 3]);
    expect(notes).toBe('the daemon went away; waiting for it\nthe daemon is back\n');
    expect(exitCode).toBe(0);
  });

  it('crashes --reports prints what there is and passes on that nobody answers', async () => {
    const report = { seq: 1, at: AT, kind: 'crash', path: 'core/bus', detail: { epoch: 2 } };
    await serve(() => ({ result: { reports: [report] } }));
    const run = await codi('crashes', '--reports');
    expect(run.out).toMatch(/:02:11 {2}crash +core\/bus {2}epoch=2\n$/);
    await server!.stop();
    expect((await codi('crashes', '--reports', '-f')).exitCode).toBe(69);
  });

  it('top on a pipe waits for a window, then prints one table sorted as asked', async () => {
    const frame = (atMs: number, bus: number) =>
      event(
        topFrame(atMs, [
          actorStats('core/idle'),
          actorStats('core/bus', { messages_in: bus, busy_ms: bus / 10 }),
        ]),
      );
    await serve(({ verb }) =>
      verb === 'hello'
        ? { result: { version: '0.1.0', pid: 4711, write: true, verbs: [] } }
        : { ...BEGUN, lines: [frame(1_000, 0), frame(2_000, 500)] },
    );
    const run = await codi('top', '--sort', 'messages');
    const lines = run.out.split('\n');
    expect(lines[0]).toMatch(/^● healthy {2}codi 0\.1\.0 {2}pid 4711 {2}up 2\.0 s {2}14 clients/);
    expect(lines[1]).toContain(
      'rss 132 MB  heap 41 MB of 4.3 GB  cpu 10 %  19 threads  wal 3.2 MB',
    );
    expect(lines[2]).toContain(
      'event loop delay p50 0.12 ms, p99 4.2 ms  busy 3 %  1,204 entries/s',
    );
    expect(lines[4]).toMatch(/ACTOR +STATE +▼MSG\/S +BUSY/);
    expect(lines[5]).toMatch(/^ {2}core\/bus +running +500 +5\.0 % +0 +0 +-/);
    expect(lines[6]).toMatch(/^ {2}core\/idle +running +0\.0 /);
    expect((await codi('top', '--once', '--json')).json()[0]).toMatchObject({ at_ms: 1_000 });
    expect((await codi('top', '--sort', 'mesages')).notes).toContain('did you mean messages?');
  });
});
