// The server against raw sockets: what is not a plain GET must cost little and never be believed.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { problemReply } from '#codi/actors/serving/http-admission.js';
import { jsonReply, type HttpListener, type HttpRequest } from '#codi/actors/serving/http-ports.js';
import { listenHttp } from '#codi/platform/http-server.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deadline, eventually } from '../../support/deadline.ts';

const LIMIT = 4;
let listener: HttpListener;
let seen: HttpRequest[];
let cuts: number;
let sockets: Socket[];
let isGone: boolean;
let bodyBytes: number;

async function open(options: object = {}): Promise<void> {
  listener = await listenHttp(
    {
      host: '127.0.0.1',
      port: 0,
      connectionLimitCount: LIMIT,
      headerLimitBytes: 2_048,
      requestTimeoutMs: 60_000,
      ...options,
    },
    {
      answer: (request) => {
        seen.push(request);
        if (isGone) return undefined;
        const filling = bodyBytes === 0 ? {} : { filling: 'x'.repeat(bodyBytes) };
        return Promise.resolve(jsonReply('200', { path: request.path, ...filling }));
      },
      refuse: problemReply,
      onCut: () => (cuts += 1),
      onError: (error) => {
        throw error;
      },
    },
  );
}

beforeEach(() => {
  seen = [];
  cuts = 0;
  sockets = [];
  isGone = false;
  bodyBytes = 0;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listener.close();
});

function dial(): Socket {
  const socket = connect(listener.port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Sends bytes and gives everything that comes until the other side closes. */
function exchange(bytes: string | Buffer): Promise<string> {
  const socket = dial();
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(bytes);
  return deadline(
    'the end of the connection',
    new Promise<string>((resolve) => socket.once('close', () => resolve(text))),
    20_000,
  );
}

const GET = 'GET /livez?verbose HTTP/1.1\r\nHost: localhost\r\n';

test('A GET is answered with headers that keep it out of caches and guesses.', async () => {
  await open();
  const response = await fetch(`${listener.url}/livez?a=b`);
  expect([response.status, await response.json()]).toEqual([200, { path: '/livez' }]);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-type': 'application/json; charset=utf-8',
  });
  expect(response.headers.has('access-control-allow-origin')).toBe(false);
});

test('A HEAD gets the head alone.', async () => {
  await open();
  const text = await exchange(
    'HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  );
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*content-length: 18\r\n.*\r\n\r\n$/is);
});

test.each([
  ['a length', 'Content-Length: 5\r\n\r\nhello'],
  ['chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ['a question whether it may', 'Expect: 100-continue\r\n\r\n'],
  ['an unknown expectation', 'Expect: wonders\r\n\r\n'],
])('A body announced by %s is seen as one, and the connection ends.', async (_what, rest) => {
  await open();
  const text = await exchange(GET + rest);
  expect(seen).toMatchObject([{ announcesBody: true }]);
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
});

test.each([
  ['garbage', Buffer.from([0xff, 0, 1, 2, 3, 0x0a, 0x0d, 0x0a]), 400],
  ['TLS', Buffer.from('1603010200010001fc0303', 'hex'), 400],
  ['our own protocol', '{"Hello":{}}\n\n', 400],
  ['a head too large', `${GET}X: ${'x'.repeat(4_096)}\r\n\r\n`, 431],
  ['two lengths', `${GET}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
  ['length and chunks', `${GET}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
])('%s is told so and closed, and reaches no page.', async (_what, bytes, status) => {
  await open();
  const text = await exchange(bytes);
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(text).toContain('CODI_HTTP_REQUEST_INVALID');
  expect(seen).toEqual([]);
});

test.each([
  ['says nothing', ''],
  ['stops in the middle of its head', GET],
])('A client that %s is cut after the time for a request.', async (_what, bytes) => {
  await open({ requestTimeoutMs: 200 });
  await exchange(bytes);
  expect(seen).toEqual([]);
});

test('A client that sends its head byte by byte is cut, however busy it is.', async () => {
  await open({ requestTimeoutMs: 400 });
  const socket = dial();
  socket.resume().write(GET);
  await eventually(
    'the cut',
    () => {
      socket.write('X');
      return socket.destroyed;
    },
    20_000,
  );
  expect(seen).toEqual([]);
});

test('A client that does not read its answer is cut.', async () => {
  await open({ requestTimeoutMs: 200 });
  bodyBytes = 32 * 1024 * 1024;
  const socket = dial();
  socket.pause();
  socket.write(`${GET}\r\n`);
  // A write shows whether the other side is still there; it also counts as a sign of life, so it is rare.
  await eventually(
    'the cut',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      socket.write('\r\n');
      return socket.destroyed;
    },
    20_000,
  );
});

test('A second request before the answer to the first ends the connection.', async () => {
  await open();
  const text = await exchange(`${GET}\r\n`.repeat(500));
  expect([seen.length, text.match(/HTTP/g)?.length ?? 0]).toEqual([1, 0]);
});

test('One request after the other on one connection is fine.', async () => {
  await open();
  const socket = dial();
  for (let index = 0; index < 3; index++) {
    socket.write(`${GET}\r\n`);
    const [chunk] = await deadline('an answer', once(socket, 'data'));
    expect(String(chunk)).toMatch(/^HTTP\/1\.1 200 /);
  }
});

test('Silent connections make room for one that asks, and the longest silent goes first.', async () => {
  await open();
  const silent = [];
  for (let index = 0; index < LIMIT; index++) {
    silent.push(dial());
    await once(silent.at(-1)!, 'connect');
  }
  const first = once(silent[0]!, 'close');
  const response = await fetch(`${listener.url}/livez`, { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  await deadline('the end of the longest silent', first);
  expect([cuts, silent.slice(1).every((socket) => !socket.destroyed)]).toEqual([1, true]);
});

test('A thousand connections take no more than their share.', async () => {
  await open();
  const many = Array.from({ length: 1_000 }, dial);
  await eventually('the cuts', () => cuts >= 1_000 - LIMIT, 30_000);
  const response = await fetch(`${listener.url}/livez`, { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  const isOpen = () => many.filter((socket) => !socket.destroyed).length <= LIMIT;
  await eventually('the end of the others', isOpen, 30_000);
});

test('An incarnation that has ended answers nothing.', async () => {
  await open();
  isGone = true;
  expect(await exchange(`${GET}\r\n`)).toBe('');
});

test('A port that is taken, or an address that is not here, is an expected error with its reason.', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await open();
  const attempt = (host: string) => open({ host, port });
  const reason = (text: string) =>
    expect.objectContaining({
      code: 'CODI_HTTP_UNAVAILABLE',
      message: expect.stringContaining(text),
    });
  await expect(attempt('127.0.0.1')).rejects.toEqual(reason('another program has it'));
  await expect(attempt('192.0.2.1')).rejects.toEqual(reason('no such address'));
  other.close();
});

test('Closing cuts every connection and gives the port back.', async () => {
  await open();
  const idle = dial();
  await once(idle, 'connect');
  const closed = once(idle, 'close');
  await listener.close();
  await deadline('the cut', closed);
  const { port } = listener;
  await open({ port });
  expect(listener.port).toBe(port);
});
