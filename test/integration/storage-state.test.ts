import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytePathFromBuffer, type BytePath } from '#codi/protocol/byte-path.js';
import { openForReading } from '#codi/workers/storage/open-database.js';
import type {
  FromState,
  StateCommand,
  StateOptions,
} from '#codi/workers/storage/state.messages.js';
import { verifyTables } from '#codi/workers/storage/audit/verify-tables.js';
import { verifyLastBlocks } from '#codi/workers/storage/verify-blocks.js';
import { deadline } from '../support/deadline.ts';
import { STORAGE_DIR, temporaryDir } from '../support/ledger-thread.ts';

let dir: ReturnType<typeof temporaryDir>;
const workers: Worker[] = [];
beforeEach(() => {
  dir = temporaryDir();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
  dir.remove();
});

/** A state thread; `ask` sends one command and gives its answer. */
async function start(options: Partial<StateOptions> = {}) {
  const worker = new Worker(new URL('state.worker.js', STORAGE_DIR), {
    workerData: { data: { dataDir: dir.path, ...options } },
  });
  workers.push(worker);
  const [ready] = (await deadline('state thread', once(worker, 'message'))) as [FromState];
  let nextId = 1;
  const ask = async (command: StateCommand) => {
    const id = nextId++;
    worker.postMessage({ type: 'request', id, command });
    for (;;) {
      const [message] = (await deadline('answer', once(worker, 'message'))) as [FromState];
      if (message.type === 'answer' && message.id === id) return message;
    }
  };
  const stop = async () => {
    worker.postMessage({ type: 'stop' });
    const [code] = await deadline('exit', once(worker, 'exit'));
    return code as number;
  };
  return { ready, ask, stop };
}

const at = { seconds: 1_700_000_000, nanos: 500_000_000 };
const begin: StateCommand = {
  type: 'sessionStart',
  sessionId: 'S-1',
  identity: 'alice',
  agentType: null,
  metadata: '{"team":"a"}',
  at,
};
const result = (revision: number, changed = true) => ({ ok: true, result: { revision, changed } });
const failure = (code: string) => ({ ok: false, error: { code } });

describe('the state thread', () => {
  it('starts a session once and ends it once', async () => {
    const { ask, stop } = await start();
    const end: StateCommand = { type: 'sessionEnd', sessionId: 'S-1', at };
    expect(await ask(end)).toMatchObject(failure('CODI_SESSION_UNKNOWN'));
    expect(await ask(begin)).toMatchObject(result(1));
    expect(await ask(begin)).toMatchObject(result(1, false));
    expect(await ask({ ...begin, identity: 'bob' })).toMatchObject(failure('CODI_SESSION_EXISTS'));
    expect(await ask(end)).toMatchObject(result(2));
    expect(await ask(end)).toMatchObject(failure('CODI_SESSION_ENDED'));
    expect(await ask(begin)).toMatchObject(failure('CODI_SESSION_ENDED'));
    expect(await stop()).toBe(0);
  });

  it('lets who knows how a session ended say so after the daemon had taken it for over', async () => {
    const { ask } = await start();
    const end = (more: object) => ask({ type: 'sessionEnd', sessionId: 'S-1', at, ...more });
    const later = { seconds: at.seconds + 5, nanos: 0 };
    await ask({ ...begin, process: { pid: 7, namespace: 'n', started: 'b/1' } });
    expect(await end({ end: { by: 'process' } })).toMatchObject(result(2));
    expect(await end({ end: { by: 'timeout' } })).toMatchObject(failure('CODI_SESSION_ENDED'));
    const told = { by: 'run', exitCode: 3, who: 'somebody' };
    expect(await end({ end: told, at: later })).toMatchObject(result(3));
    expect(await end({ end: { by: 'client' } })).toMatchObject(failure('CODI_SESSION_ENDED'));
    const database = openForReading(join(dir.path, 'state.db'), 'state');
    expect(database.prepare('SELECT * FROM sessions').get()).toMatchObject({
      ended_seconds: later.seconds,
      ended_by: 'run',
      exit_code: 3,
      ended_who: 'somebody',
    });
    expect(verifyTables(database, 'state', dir.path)).toEqual([]);
    database.close();
  });

  it('changes the process of a session that runs, and lists those that run and the last that ended', async () => {
    const { ask } = await start();
    const process = { pid: 9, namespace: null, started: 'b/2' };
    const change = { type: 'sessionProcess', sessionId: 'S-1', process, at } as const;
    expect(await ask(change)).toMatchObject(failure('CODI_SESSION_UNKNOWN'));
    await ask(begin);
    expect(await ask(change)).toMatchObject(result(2));
    expect(await ask(change)).toMatchObject(result(2, false));
    for (const [index, sessionId] of ['S-2', 'S-3'].entries()) {
      const from = { seconds: at.seconds + index, nanos: 0 };
      await ask({ ...begin, sessionId, at: from } as StateCommand);
      await ask({ type: 'sessionEnd', sessionId, at: from, end: { by: 'client' } });
    }
    const all = await ask({ type: 'listSessions', endedMax: 1 });
    expect(all).toMatchObject({
      ok: true,
      result: [
        { sessionId: 'S-1', endedMs: null, process, metadata: '{"team":"a"}' },
        { sessionId: 'S-3', startedMs: 1_700_000_001_000, endedMs: 1_700_000_001_000 },
      ],
    });
    const database = openForReading(join(dir.path, 'state.db'), 'state');
    expect(verifyTables(database, 'state', dir.path)).toEqual([]);
    database.close();
  });

  it('gives a repeated request its first answer, also in the next thread', async () => {
    const first = await start();
    const end: StateCommand = { type: 'sessionEnd', sessionId: 'S-1', requestId: 'r-2', at };
    await first.ask({ ...begin, requestId: 'r-1' });
    expect(await first.ask(end)).toMatchObject(result(2));
    await first.stop();
    const second = await start();
    expect(second.ready).toMatchObject({ type: 'sys.ready', head: { revision: 2, blocks: 2 } });
    expect(await second.ask(end)).toMatchObject(result(2));
    expect(await second.ask({ ...begin, requestId: 'r-1' })).toMatchObject(result(1));
  });

  it('remembers only so many requests', async () => {
    const { ask } = await start({ recentRequests: 2 });
    const add = (n: number): StateCommand => ({
      type: 'monitoredPathAdd',
      path: `/p${n}` as BytePath,
      recursive: true,
      patterns: [],
      requestId: `r-${n}`,
    });
    for (let n = 1; n <= 4; n++) await ask(add(n));
    expect(await ask(add(4))).toMatchObject(result(4));
    // Forgotten, and so looked at anew: it is there already.
    expect(await ask(add(1))).toMatchObject(result(4, false));
  });

  it('keeps monitored paths of any bytes, and inactive ones after their removal', async () => {
    const { ask } = await start();
    const odd = bytePathFromBuffer(Buffer.from('/w/\xff', 'latin1'));
    const path = '/home/ana/shop' as BytePath;
    const add: StateCommand = {
      type: 'monitoredPathAdd',
      path,
      recursive: true,
      patterns: ['*.ts'],
      at,
    };
    await ask(add);
    await ask({ ...add, path: odd, recursive: false, patterns: [], poll: true });
    expect(await ask(add)).toMatchObject(result(2, false));
    expect(await ask({ ...add, patterns: [] })).toMatchObject(result(3));
    expect(await ask({ type: 'monitoredPathRemove', path: odd })).toMatchObject(result(4));
    expect(await ask({ type: 'monitoredPathRemove', path: odd })).toMatchObject(
      failure('CODI_NOT_FOUND'),
    );
    const active = { path, recursive: true, patterns: [], active: true, createdAt: at };
    expect(await ask({ type: 'listMonitoredPaths', activeOnly: true })).toMatchObject({
      result: [active],
    });
    expect(await ask({ type: 'listMonitoredPaths' })).toMatchObject({
      result: [
        { ...active, poll: false },
        { path: odd, active: false, poll: true },
      ],
    });
  });

  it('records every change as an entry and a block that verify', async () => {
    const { ask, stop } = await start();
    await ask(begin);
    const path = bytePathFromBuffer(Buffer.from('/\xc3\xa9/\xff', 'latin1'));
    await ask({ type: 'monitoredPathAdd', path, recursive: true, patterns: [], userId: 'ana' });
    await ask({ type: 'sessionEnd', sessionId: 'S-1' });
    await stop();
    const database = openForReading(join(dir.path, 'state.db'), 'state');
    expect(verifyLastBlocks(database, 'state', 10)).toEqual({ ok: true, blocks: 3 });
    expect(database.prepare('SELECT kind FROM coordination ORDER BY seq').pluck().all()).toEqual([
      'session.start',
      'path.add',
      'session.end',
    ]);
    expect(database.prepare('SELECT * FROM sessions_v1').get()).toMatchObject({
      id: 'S-1',
      started_at: '2023-11-14T22:13:20.500Z',
      metadata: '{"team":"a"}',
    });
    database.close();
  });

  it('refuses what does not fit on a full disk and goes on', async () => {
    const { ask } = await start({ maxPageCount: 40 });
    let last: FromState | undefined;
    for (let n = 0; n < 200 && (!last || ('ok' in last && last.ok)); n++) {
      const metadata = JSON.stringify('m'.repeat(4_000));
      last = await ask({ ...begin, sessionId: `S-${n}`, metadata } as StateCommand);
    }
    expect(last).toMatchObject(failure('CODI_DISK_FULL'));
    expect(await ask({ type: 'listMonitoredPaths' })).toMatchObject({ ok: true, result: [] });
  });
});
