import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { listenForLines } from '#codi/workers/debug/line-server.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deadline } from '../../../support/deadline.ts';
import { pending } from '../../../support/serving-world.ts';

let home: string;
let server: Server | undefined;
let clients: Socket[];
const socketPath = () => join(home, 'd.sock');

async function listen(
  onLine: (line: string) => Promise<string> = async (line) => `answer to ${line}`,
): Promise<void> {
  server = await listenForLines({
    socketPath: socketPath(),
    clientsMax: 2,
    lineLimitBytes: 1_000,
    onLine,
  });
}

function dial(allowHalfOpen = true): Socket {
  const client = connect({ path: socketPath(), allowHalfOpen });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

/** When nothing is left of a peer that was cut off. */
function gone(client: Socket): Promise<void> {
  return new Promise((resolve) => void client.resume().once('close', () => resolve()));
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-lines-'));
  clients = [];
});
afterEach(() => {
  for (const client of clients) client.destroy();
  server?.close();
  rmSync(home, { recursive: true, force: true });
});

test('It replaces the socket of a process that died, and is private.', async () => {
  const program = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program, socketPath()]);
  expect(statSync(socketPath()).isSocket()).toBe(true);
  await listen();
  expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
});

test('A file that is no socket, and a socket that answers, are left alone.', async () => {
  writeFileSync(socketPath(), 'precious');
  await expect(listen()).rejects.toThrow(/no socket/);
  expect(readFileSync(socketPath(), 'utf8')).toBe('precious');
  rmSync(socketPath());
  await listen();
  await expect(listen()).rejects.toThrow(/already listens/);
});

test('Lines are answered however they are cut, and empty ones are not.', async () => {
  await listen();
  const client = dial();
  client.write('one\r\n\n  \ntw');
  client.end('o\n');
  await expect(deadline('answers', text(client))).resolves.toBe('answer to one\nanswer to two\n');
});

test('A peer that sent its last byte gets the answers it is owed first.', async () => {
  const slow = pending<string>();
  const asked = pending<void>();
  await listen(() => {
    asked.resolve();
    return slow.promise;
  });
  const client = dial();
  client.end('question\n');
  await deadline('question', asked.promise);
  slow.resolve('answer');
  await expect(deadline('answer', text(client))).resolves.toBe('answer\n');
});

test('A line without an end is cut off.', async () => {
  await listen();
  const client = dial(false);
  client.write('x'.repeat(2_000));
  await deadline('close', gone(client));
});

test('A peer that does not read is cut off.', async () => {
  await listen(async () => 'x'.repeat(900_000));
  const client = dial();
  client.pause();
  const [served] = (await deadline('client', once(server!, 'connection'))) as [Socket];
  const closed = once(served, 'close');
  client.write('a\nb\nc\nd\n');
  await deadline('close', closed);
});

test('There is room for so many peers only.', async () => {
  await listen();
  const [one, two] = [dial(), dial()];
  await deadline('connections', Promise.all([once(one, 'connect'), once(two, 'connect')]));
  await deadline('close', gone(dial(false)));
  one.end('still\n');
  await expect(deadline('answer', text(one))).resolves.toBe('answer to still\n');
});
