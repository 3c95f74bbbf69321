import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '#codi/actors/serving/acceptor.actor.js';
import type { ClientSocket } from '#codi/actors/serving/ports.js';
import {
  listenUnix,
  prepareLegacySocket,
  prepareSocketDirectory,
} from '#codi/platform/unix-socket.js';
import { openPeerUsers } from '#codi/protocol/peer-user.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deadline } from '../../support/deadline.ts';
import { skipUnless } from '../../support/skip.ts';
import { pending } from '../../support/serving-world.ts';

const UID = process.getuid!();
const code = (wanted: string) => expect.objectContaining({ code: wanted });

let home: string;
let path: string;
let listener: Listener | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-sock-'));
  path = join(home, 'm.sock');
});
afterEach(async () => {
  await listener?.close();
  listener = undefined;
  rmSync(home, { recursive: true, force: true });
});

const ignore = () => undefined;
const at = (socketPath: string) => ({ socketPath, uid: UID, readPeerUser: ignore });

async function accept(): Promise<{ served: ClientSocket; client: Socket }> {
  const accepted = pending<ClientSocket>();
  listener = await listenUnix(at(path), accepted.resolve, ignore);
  const client = connect({ path, allowHalfOpen: true });
  return { client, served: await deadline('client', accepted.promise) };
}

test('The directory is made private; one that others may change is refused.', () => {
  const directory = join(home, 'run');
  prepareSocketDirectory(join(directory, 'm.sock'), UID);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  chmodSync(directory, 0o770);
  expect(() => prepareSocketDirectory(join(directory, 'm.sock'), UID)).toThrow(/others may write/);
  chmodSync(directory, 0o700);
  expect(() => prepareSocketDirectory(join(directory, 'm.sock'), UID + 1)).toThrow(/somebody else/);
  symlinkSync(directory, join(home, 'link'));
  expect(() => prepareSocketDirectory(join(home, 'link', 'm.sock'), UID)).toThrow(/it is a link/);
});

test('A path too long for the kernel is refused before it would be cut.', () => {
  expect(() => prepareSocketDirectory(`/${'x'.repeat(107)}`, UID)).toThrow(
    code('CODI_SOCKET_PATH_TOO_LONG'),
  );
});

test('The socket is private, and its file goes with the listener.', async () => {
  listener = await listenUnix(at(path), ignore, ignore);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await listener.close();
  expect(existsSync(path)).toBe(false);
});

test('A file that a dead daemon left is replaced.', async () => {
  const dead = createServer();
  await once(dead.listen(join(home, 'old')), 'listening');
  linkSync(join(home, 'old'), path);
  await new Promise((resolve) => dead.close(resolve));
  expect(existsSync(path)).toBe(true);
  const { served, client } = await accept();
  served.destroy();
  client.destroy();
});

test('A socket that answers, and a file that is no socket, are left alone.', async () => {
  listener = await listenUnix(at(path), (socket) => socket.destroy(), ignore);
  await expect(listenUnix(at(path), ignore, ignore)).rejects.toThrow(code('CODI_SOCKET_IN_USE'));
  mkdirSync(join(home, 'sub'));
  const file = join(home, 'sub', 'file');
  writeFileSync(file, 'precious');
  await expect(listenUnix(at(file), ignore, ignore)).rejects.toThrow(/no socket/);
  expect(existsSync(file)).toBe(true);
});

test('Nothing is read before somebody listens, and nothing is lost.', async () => {
  const { served, client } = await accept();
  client.write('early ');
  const seen: string[] = [];
  const ended = pending<void>();
  const closed = pending<void>();
  served.listen({
    onData: (chunk) => seen.push(String(chunk)),
    onEnd: () => ended.resolve(),
    onDrain: ignore,
    onClose: () => closed.resolve(),
  });
  client.end('late');
  await deadline('end', ended.promise);
  expect(seen.join('')).toBe('early late');
  expect(served.write(Buffer.from('answer'))).toBe(true);
  served.end();
  const [answer] = (await deadline('answer', once(client, 'data'))) as [Buffer];
  expect(String(answer)).toBe('answer');
  await deadline('close', closed.promise);
  expect(served.write(Buffer.from('more'))).toBe(false);
  client.destroy();
});

test('Who listens to a socket that has closed is told.', async () => {
  const { served, client } = await accept();
  served.destroy();
  const closed = pending<void>();
  served.listen({ onData: ignore, onEnd: ignore, onDrain: ignore, onClose: closed.resolve });
  await deadline('close', closed.promise);
  client.destroy();
});

test('A peer that ended before anybody listened, without a word, is known to have ended.', async () => {
  const { served, client } = await accept();
  client.end();
  // Time for the end to arrive: another connection that does the same is answered.
  const other = connect({ path });
  await deadline('the other client', once(other, 'connect'));
  other.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const ended = pending<void>();
  served.listen({ onData: ignore, onEnd: ended.resolve, onDrain: ignore, onClose: ignore });
  await deadline('the end', ended.promise, 2_000);
  served.destroy();
});

test('Where all may write, old clients find a socket only in a sticky directory of root or of ours.', () => {
  const directory = join(home, 'shared');
  const socketPath = join(directory, 'monitor.sock');
  prepareLegacySocket(socketPath, UID);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  chmodSync(directory, 0o777);
  expect(() => prepareLegacySocket(socketPath, UID)).toThrow(/others may replace/);
  chmodSync(directory, 0o1777);
  prepareLegacySocket(socketPath, UID);
  prepareLegacySocket('/tmp/codi-monitor.sock', UID);
  if (UID !== 0) return;
  chownSync(directory, 4242, 4242);
  expect(() => prepareLegacySocket(socketPath, UID)).toThrow(/somebody else/);
});

test('A socket file of somebody else is left alone, also when nobody answers on it.', async () => {
  const dead = createServer();
  await once(dead.listen(join(home, 'old')), 'listening');
  linkSync(join(home, 'old'), path);
  await new Promise((resolve) => dead.close(resolve));
  const options = { ...at(path), uid: UID + 1 };
  await expect(listenUnix(options, ignore, ignore)).rejects.toThrow(code('CODI_NOT_PERMITTED'));
  expect(existsSync(path)).toBe(true);
});

test('A link at the place of the socket is not followed.', async () => {
  symlinkSync(join(home, 'elsewhere'), path);
  await expect(listenUnix(at(path), ignore, ignore)).rejects.toThrow(/no socket/);
});

const users = await openPeerUsers(process.platform);
skipUnless(users.isKnown, 'koffi is not installed', { requiredOnCi: true })(
  'Whose the process at the other end is, the kernel says.',
  async () => {
    const accepted = pending<ClientSocket>();
    listener = await listenUnix(
      { ...at(path), readPeerUser: users.read },
      accepted.resolve,
      ignore,
    );
    const script = `require('net').connect(${JSON.stringify(path)}).on('close', () => process.exit())`;
    const child = spawn(process.execPath, ['-e', script]);
    const socket = await deadline('client', accepted.promise);
    const user = { uid: UID, gid: process.getgid!(), pid: child.pid };
    expect(socket.peer).toEqual({ transport: 'unix', user });
    socket.destroy();
    await deadline('the end', once(child, 'exit'));
  },
);

test('A descriptor that is none has no user.', () => {
  expect(users.read(-1)).toBeUndefined();
  expect(users.read(999_999)).toBeUndefined();
});
