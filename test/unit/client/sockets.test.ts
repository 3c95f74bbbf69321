import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DebugClient } from '#codi/client/index.js';
import { dialSocket } from '#codi/client/dial.js';
import { retryDelayMs } from '#codi/client/backoff.js';
import { LineSplitter } from '#codi/protocol/line-splitter.js';
import { nodeClientPorts } from '#codi/client/ports.js';
import { FakeDebugServer, treeNode } from '../../support/fake-debug-server.ts';

describe('sockets', () => {
  let dir: string;
  let server: FakeDebugServer | undefined;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'codi-sockets-'));
  });

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await rm(dir, { recursive: true, force: true });
  });

  const path = () => join(dir, 'x.sock');
  const dial = (ports: object = {}, socketPath = path()) =>
    dialSocket({ socketPath, timeoutMs: 1000, ports: { ...nodeClientPorts(), ...ports } });

  it('are used when they belong to this user or to root, and to nobody else', async () => {
    server = await FakeDebugServer.start(path(), () => ({ result: null }));
    const inspect = (uid: number) => async () => ({ uid, isSocket: true });
    for (const uid of [1234, 0]) {
      (await dial({ ownUid: () => 1234, inspect: inspect(uid) })).destroy();
    }
    await expect(dial({ ownUid: () => 1234, inspect: inspect(1235) })).rejects.toMatchObject({
      code: 'CODI_NOT_PERMITTED',
    });
  });

  it('say why they cannot be reached', async () => {
    await expect(dial()).rejects.toMatchObject({ details: { reason: 'no such file' } });
    await writeFile(path(), '');
    await expect(dial()).rejects.toMatchObject({ details: { reason: 'it is not a socket' } });
    await symlink(path(), join(dir, 'link.sock'));
    await expect(dial({}, join(dir, 'link.sock'))).rejects.toMatchObject({
      code: 'CODI_UNREACHABLE',
    });
    await expect(dial({}, join(dir, 'x'.repeat(120)))).rejects.toMatchObject({
      code: 'CODI_SOCKET_PATH_TOO_LONG',
    });
  });

  it('of the debug actor answer calls in any order, time out and fail when they close', async () => {
    server = await FakeDebugServer.start(path(), ({ verb }) => {
      if (verb === 'hello') return 'silence';
      return verb === 'kill' ? 'hang up' : { result: treeNode('root') };
    });
    const debug = await DebugClient.connect({ socketPath: path(), requestTimeoutMs: 50 });
    const late = debug.call('hello', {});
    expect(await debug.tree()).toMatchObject({ path: 'root' });
    await expect(late).rejects.toMatchObject({ code: 'CODI_TIMEOUT' });
    await expect(debug.kill('x')).rejects.toMatchObject({ code: 'CODI_CONNECTION_LOST' });
    await expect(debug.tree()).rejects.toMatchObject({ code: 'CODI_CONNECTION_LOST' });
    debug.close();
  });
});

describe('delays between attempts', () => {
  it('double up to the limit and keep half of their length fixed', () => {
    const delays = { minMs: 100, maxMs: 1000 };
    expect([0, 1, 2, 3, 4, 50].map((attempt) => retryDelayMs(attempt, delays, () => 0))).toEqual([
      50, 100, 200, 400, 500, 500,
    ]);
    expect(retryDelayMs(0, delays, () => 0.999)).toBeCloseTo(100, 0);
  });
});

describe('lines', () => {
  it('come out whole however the stream is cut, up to a limit', () => {
    const lines = new LineSplitter(10);
    const bytes = Buffer.from('é1\né2\n\né3');
    const seen: string[] = [];
    for (const byte of bytes) seen.push(...(lines.push(Buffer.from([byte])) ?? []));
    expect(seen).toEqual(['é1', 'é2', '']);
    expect(lines.push(Buffer.alloc(20, 'x'))).toBeUndefined();
  });
});
