// The debug socket of a real daemon: what it shows is what happens, and nothing of a client is left behind.
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type {
  DebugClient,
  StatelyMessage,
  TraceEventView,
  TreeNodeView,
} from '#codi/client/index.js';
import { TreeMirror } from '#codi/workers/debug/tree-mirror.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';

let place: DaemonPlace;
let daemon: RunningDaemon;
let debug: DebugClient;

beforeEach(async () => {
  place = newPlace();
  const root = join(place.home, 'watched');
  mkdirSync(root);
  daemon = await startDaemon(place, [root]);
  debug = await daemon.debug();
});
afterEach(async () => {
  debug.close();
  await daemon.kill();
  place.remove();
});

const epochOf = async (path: string) => (await debug.call('inspect', { path })).epoch;

/** What of a node does not change by itself. */
function still(node: TreeNodeView): unknown {
  const { uptime_ms: _uptime, children, ...rest } = node;
  return { ...rest, children: children.map(still) };
}

/** Files that come one after the other, until told to stop: each is a message of a watcher. */
function changing(): () => void {
  let count = 0;
  const timer = setInterval(
    () => writeFileSync(join(place.home, 'watched', `f${count++ % 50}`), String(count)),
    5,
  );
  return () => clearInterval(timer);
}

test('It is private, says what it can do, and shows every actor of the tree.', async () => {
  expect(statSync(place.debugSocketPath).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(place.debugSocketPath)).mode & 0o777).toBe(0o700);
  const hello = await debug.call('hello', {});
  expect(hello).toMatchObject({ pid: daemon.pid, write: true });
  expect(hello.verbs).toEqual(expect.arrayContaining(['tree', 'watch_tree', 'kill']));
  const { actors } = await debug.call('stats', {});
  for (const { path } of actors) {
    const view = await debug.call('inspect', { path });
    expect(view).toMatchObject({ path, pid: `${path}#${view.epoch}`, stats: { path } });
    expect((await debug.call('why', { path })).is_running).toBe(true);
    const machine = await debug.call('peek', { path });
    expect(machine.states, path).toContain(machine.state.split('.')[0]);
  }
  expect(actors.map(({ path }) => path)).toEqual(expect.arrayContaining(['debug', 'serving/unix']));
  expect(await debug.call('inspect', { path: 'core' })).toMatchObject({
    strategy: 'one_for_one',
    children: expect.arrayContaining(['core/storage']),
  });
  const leaks = await debug.call('leaks', {});
  expect(leaks).toMatchObject({
    orphans: [],
    unstopped: [],
    handles: { MessagePort: expect.any(Number) },
  });
});

test('Fields of a context that are declared safe are shown.', async () => {
  const peeked = await debug.call('peek', { path: 'core/storage/ledger-writer' });
  expect(peeked.context).toEqual({ retryMs: 0 });
});

describe('Watching', () => {
  test('A snapshot and its deltas are the tree at every moment, without a gap.', async () => {
    const watch = await debug.subscribe('watch_tree', {});
    const mirror = new TreeMirror(() => 0);
    const victims = ['serving/unix', 'watching/roots', 'core/storage/readers', 'watching'];
    const reading = (async () => {
      for await (const event of watch) {
        if (event.kind === 'snapshot') mirror.reset(event.seq, event.root);
        else {
          const [first] = event.deltas;
          expect(first!.seq).toBe(mirror.seq + 1);
          mirror.apply(event.deltas);
        }
      }
    })();
    for (const path of victims) {
      const before = await epochOf(path);
      await debug.call('kill', { path });
      await eventually(`${path} again`, async () => (await epochOf(path)) > before);
    }
    await eventually('the same tree', async () => {
      const tree = still(await debug.tree());
      return JSON.stringify(tree) === JSON.stringify(still(mirror.tree()!));
    });
    watch.close();
    await deadline('the end', reading);
    expect(watch.outcome).toEqual({ reason: 'unsubscribed', dropped: 0 });
  });

  test('A follower of the tree hears also what changes no state: how many files there are.', async () => {
    const watch = await debug.subscribe('watch_tree', {});
    writeFileSync(join(place.home, 'watched', 'one'), 'x');
    const isTold = async () => {
      for await (const event of watch)
        if (JSON.stringify(event).includes('"note":"1 file')) return true;
      return false;
    };
    expect(await deadline('the number of files', isTold())).toBe(true);
    watch.close();
  });

  test('Reports come as they happen, after the last ones; a killed actor is among them.', async () => {
    const watch = await debug.subscribe('watch_reports', { limit: 3 });
    const reports = watch[Symbol.asyncIterator]();
    const first = [];
    for (let count = 0; count < 3; count++) first.push((await reports.next()).value);
    const seqs = first.map(({ seq }) => seq);
    expect(seqs).toEqual([seqs[0], seqs[0] + 1, seqs[0] + 2]);
    await debug.call('kill', { path: 'serving/unix', reason: 'for the test' });
    const exited = await deadline('a report', reports.next());
    expect(exited.value).toMatchObject({
      seq: seqs[2] + 1,
      kind: 'childExited',
      path: 'serving/unix',
      detail: { reason: expect.stringContaining('for the test'), will_restart: true },
    });
    expect(await debug.call('reports', { path: 'serving/unix', limit: 1 })).toMatchObject({
      reports: [{ path: 'serving/unix' }],
    });
  });

  test('Frames show the process and who works.', async () => {
    const stop = changing();
    const frames = (await debug.subscribe('top', { limit: 5 }))[Symbol.asyncIterator]();
    const one = (await deadline('a frame', frames.next())).value;
    const two = (await deadline('a frame', frames.next())).value;
    stop();
    expect(two.at_ms).toBeGreaterThan(one.at_ms);
    expect(two.process.rss_bytes).toBeGreaterThan(1e6);
    expect(two.actors.length).toBe(5);
    expect(two.omitted).toBeGreaterThan(0);
    expect(two.actors.map(({ path }: { path: string }) => path.split('/')[0])).toContain(
      'watching',
    );
    expect(two.service.wal_bytes).toBeGreaterThan(0);
  });
});

describe('Tracing', () => {
  test('A trace ends by itself at its limit, and only tells what was asked for.', async () => {
    const stop = changing();
    const trace = await debug.subscribe('trace', {
      pattern: 'watching/**',
      limit: 20,
      for_ms: 60_000,
      direction: 'handled',
    });
    const events: TraceEventView[] = [];
    for await (const batch of trace) events.push(...batch.events);
    stop();
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events).toHaveLength(20);
    for (const event of events)
      expect([event.kind, event.path.slice(0, 9)]).toEqual(['handled', 'watching/']);
    expect(trace.outcome).toEqual({ reason: 'limit', dropped: 0 });
  });

  test('What is too fast for the quota is counted; time ends it as well.', async () => {
    const quick = await startDaemon(
      {
        ...place,
        dataDir: join(place.home, 'other'),
        socketPath: join(place.home, 'run', 'o.sock'),
      },
      [],
      {
        env: { CODI_DEBUG_TRACE_EVENTS_PER_SECOND: '1' },
      },
    );
    const { DebugClient } = await import('#codi/client/index.js');
    const other = await DebugClient.connect({
      socketPath: join(place.home, 'run', 'o.debug.sock'),
    });
    const trace = await other.subscribe('trace', { pattern: '**', limit: 10_000, for_ms: 4_000 });
    const events: TraceEventView[] = [];
    const reading = (async () => {
      for await (const batch of trace) events.push(...batch.events);
    })();
    let hasEnded = false;
    // Each connection is an actor that comes and goes.
    const busy = (async () => {
      while (!hasEnded) await (await quick.client()).close();
    })();
    await deadline('the end', reading);
    hasEnded = true;
    await busy;
    expect(trace.outcome).toMatchObject({ reason: 'expired' });
    expect(trace.outcome!.dropped).toBeGreaterThan(0);
    expect(events.length).toBeGreaterThan(0);
    other.close();
    await quick.kill();
  });

  test('A trace is bounded, and refused when it asks for too much.', async () => {
    const invalid = { code: 'CODI_MESSAGE_INVALID' };
    const bad = [
      { pattern: '**', limit: 10 },
      { pattern: '**', for_ms: 10 },
      { pattern: '', limit: 1, for_ms: 1 },
      { pattern: '**', limit: 1e9, for_ms: 1 },
      { pattern: '**', limit: 1, for_ms: 1e9 },
    ];
    for (const params of bad)
      await expect(debug.subscribe('trace', params as never)).rejects.toMatchObject(invalid);
  });

  test('Of clients that vanish in the middle of a trace nothing is left.', async () => {
    const stop = changing();
    for (let round = 0; round < 20; round++) {
      const socket = connect(place.debugSocketPath);
      socket.write('{"id":1,"verb":"trace","pattern":"**","limit":10000,"for_ms":60000}\n');
      await deadline('events', new Promise((resolve) => socket.once('data', resolve)));
      socket.destroy();
    }
    // The runtime runs eight traces at a time.
    const traces = await eventually('eight traces', async () => {
      const params = { pattern: '**', limit: 1, for_ms: 60_000 };
      const started = await Promise.allSettled(
        Array.from({ length: 8 }, () => debug.subscribe('trace', params)),
      );
      for (const one of started) if (one.status === 'fulfilled') one.value.close();
      return started.every(({ status }) => status === 'fulfilled');
    });
    expect(traces).toBe(true);
    stop();
  });

  test('Machines are told in the words of the Stately inspector.', async () => {
    const { actors } = await debug.call('stats', {});
    const pattern = actors.find(({ path }) => path.startsWith('watching/watchers/'))!.path;
    const stately = await debug.subscribe('stately', { pattern, limit: 2, for_ms: 60_000 });
    const stop = changing();
    const messages: StatelyMessage[] = [];
    for await (const message of stately) messages.push(message);
    stop();
    expect(messages[0]).toMatchObject({
      type: '@xstate.actor',
      name: pattern,
      sessionId: `${pattern}#1`,
      rootId: expect.any(String),
      snapshot: { status: 'active', value: expect.anything() },
      _version: expect.any(String),
      createdAt: expect.stringMatching(/^\d+$/),
    });
    expect(JSON.parse((messages[0] as any).definition)).toHaveProperty('states');
    expect(messages.slice(1).map(({ type }) => type)).toEqual([
      '@xstate.event',
      '@xstate.snapshot',
      '@xstate.event',
      '@xstate.snapshot',
    ]);
    expect(stately.outcome?.reason).toBe('limit');
  });
});

test('It answers while a writer cannot write.', async () => {
  const { default: Database } = await import('better-sqlite3');
  const other = new Database(join(place.dataDir, 'ledger.db'));
  other.exec('BEGIN IMMEDIATE');
  const client = await daemon.client();
  const writtenLater = client.log({ level: 'Info', component: 'test', message: 'x' });
  for (let count = 0; count < 5; count++) {
    expect(await debug.tree()).not.toHaveProperty('busy');
    expect(await debug.call('inspect', { path: 'core/storage/ledger-writer' })).toHaveProperty(
      'stats',
    );
  }
  other.exec('ROLLBACK');
  other.close();
  await deadline('the entry', writtenLater, 30_000);
  await client.close();
  writeFileSync(join(place.home, 'watched', 'x'), '');
});
