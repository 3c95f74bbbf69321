import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LineClient, type LineClientLimits } from '#codi/workers/debug/line-client.js';
import { listenForLines } from '#codi/workers/debug/line-server.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deadline, eventually } from '../../../support/deadline.ts';
import { pending } from '../../../support/serving-world.ts';

let home: string;
let server: Server | undefined;
let clients: Socket[];
let served: { socket: Socket; client: LineClient; ended: number; drained: number }[];
const socketPath = () => join(home, 'd.sock');

const LIMITS: LineClientLimits = {
  requestBytes: 1_000,
  requestsWaiting: 4,
  requestsPerSecond: 10_000,
  sendBytes: 1_000_000,
};

async function listen(
  answer: (line: string) => Promise<string> | string = (line) => `answer to ${line}`,
  limits: Partial<LineClientLimits> = {},
  monotonicMs = () => performance.now(),
): Promise<void> {
  server = await listenForLines({
    socketPath: socketPath(),
    connections: 2,
    onSocket: (socket) => {
      const entry: (typeof served)[number] = {
        socket,
        ended: 0,
        drained: 0,
        client: new LineClient(
          socket,
          { ...LIMITS, ...limits },
          {
            monotonicMs,
            answer: async (line) => entry.client.send(await answer(line)),
            onDrained: () => (entry.drained += 1),
            onEnd: () => (entry.ended += 1),
          },
        ),
      };
      served.push(entry);
    },
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
  served = [];
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
  await eventually('its end', () => served[0]!.ended > 0);
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
  await listen(() => 'x'.repeat(900_000));
  const client = dial();
  client.pause();
  const [socket] = (await deadline('client', once(server!, 'connection'))) as [Socket];
  const closed = once(socket, 'close');
  client.write('a\nb\nc\nd\n');
  await deadline('close', closed);
});

test('One answer of any size goes to a peer that is owed nothing else.', async () => {
  await listen(() => 'x'.repeat(3_000_000));
  const client = dial();
  client.end('a\n');
  expect(await deadline('answer', text(client))).toHaveLength(3_000_001);
});

test('A peer that asks for much at once is read as fast as it is answered.', async () => {
  const answers = Array.from({ length: 100 }, () => pending<string>());
  let asked = 0;
  await listen(() => answers[asked++]!.promise);
  const client = dial();
  client.end(Array.from({ length: 100 }, (_, index) => `${index}\n`).join(''));
  await eventually('four questions', () => asked === 4);
  expect(served[0]!.socket.isPaused()).toBe(true);
  for (const [index, answer] of answers.entries()) answer.resolve(`${index}`);
  expect((await deadline('answers', text(client))).split('\n')).toHaveLength(101);
});

test('A peer that asks too often waits for the next second.', async () => {
  let nowMs = 5_000;
  await listen(undefined, { requestsPerSecond: 3 }, () => nowMs);
  const client = dial();
  let got = '';
  client.on('data', (chunk: Buffer) => (got += chunk.toString()));
  client.write('a\nb\nc\nd\n');
  await eventually('three answers', () => got.split('\n').length === 4);
  expect(served[0]!.socket.isPaused()).toBe(true);
  nowMs += 1_000;
  await eventually('the fourth answer', () => got.endsWith('answer to d\n'));
});

test('There is no room for what nobody asked for while half of the buffer is full.', async () => {
  await listen();
  const client = dial();
  client.pause();
  await eventually('the peer', () => served.length === 1);
  const [entry] = served;
  expect(entry!.client.hasRoom).toBe(true);
  for (let count = 0; count < 40 && entry!.client.hasRoom; count++)
    entry!.client.send('x'.repeat(50_000));
  expect([entry!.client.hasRoom, entry!.socket.destroyed]).toEqual([false, false]);
  client.resume();
  await eventually('room', () => entry!.client.hasRoom && entry!.drained > 0);
});

test('There is room for so many peers only.', async () => {
  await listen();
  const [one, two] = [dial(), dial()];
  await deadline('connections', Promise.all([once(one, 'connect'), once(two, 'connect')]));
  await deadline('close', gone(dial(false)));
  one.end('still\n');
  await expect(deadline('answer', text(one))).resolves.toBe('answer to still\n');
});
