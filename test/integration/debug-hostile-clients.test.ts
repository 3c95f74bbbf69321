// Whatever a debug client sends, or does not read, the daemon and the other clients go on.
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { DebugClient } from '#codi/client/index.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const place = newPlace();
let daemon: RunningDaemon;
let watchdog: DebugClient;
let sockets: Socket[];

beforeAll(async () => {
  daemon = await startDaemon(place, [], {
    env: { CODI_DEBUG_SEND_BYTES: '256KiB', CODI_DEBUG_SLOW_AFTER: '300ms' },
  });
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
  place.remove();
});
beforeEach(async () => {
  sockets = [];
  watchdog = await eventually('room for a client', () => daemon.debug().catch(() => undefined));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  // Still the same thread, and the daemon is well.
  expect(await watchdog.call('inspect', { path: 'debug' })).toMatchObject({
    epoch: 1,
    restarts: 0,
  });
  expect(await watchdog.call('crashes', {})).toEqual({ crashes: [] });
  watchdog.close();
});

function dial(): Socket {
  const socket = connect({ path: place.debugSocketPath, allowHalfOpen: true });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

const closed = (socket: Socket) =>
  deadline('close', new Promise((resolve) => void socket.resume().once('close', resolve)), 20_000);

test('Garbage of any kind is answered or cut off.', async () => {
  const seed = newSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 100; round++) {
    const socket = dial();
    const bytes = Buffer.from(
      Array.from({ length: 1 + Math.floor(random() * 4_000) }, () => Math.floor(random() * 256)),
    );
    socket.end(bytes);
    await deadline(
      'the end',
      text(socket).catch(() => ''),
      20_000,
    );
  }
});

test('Requests that are none get an error each, and the next one its answer.', async () => {
  const socket = dial();
  const lines = [
    '{"id":1}',
    '[1,2]',
    'null',
    '{"id":null,"verb":"tree"}',
    '{"id":1,"verb":"__proto__"}',
    '{"id":1,"verb":"constructor"}',
    '{"id":1,"verb":"inspect","path":{"a":1}}',
    `{"id":1,"verb":"inspect","path":"${'x'.repeat(5_000)}"}`,
    '{"id":1,"verb":"inspect","path":"\\u0000"}',
    '{"id":1,"verb":"crashes","limit":-1}',
    '{"id":1,"verb":"replay","ids":[1.5]}',
    '{"id":1,"verb":"trace","pattern":"(((((","limit":1,"for_ms":1}',
    `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    '\u0000\u0001',
    '{"id":1,"verb":"hello"}{"id":2,"verb":"hello"}',
  ];
  socket.end([...lines, '{"id":"last","verb":"hello"}', ''].join('\n'));
  const answers = (await deadline('answers', text(socket)))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(answers.find(({ id }) => id === 'last')).toMatchObject({ ok: true });
  expect(answers.filter(({ ok }) => ok === false)).toHaveLength(lines.length - 1);
  // The pattern that would be a wrong expression is a text like any other.
  expect(answers.filter(({ result }) => result?.subscription !== undefined).length).toBeLessThan(2);
});

test('A line that never ends is cut off.', async () => {
  const socket = dial();
  const chunk = 'x'.repeat(16 * 1024);
  const pump = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pump);
  pump();
  await closed(socket);
});

test('A flood of requests is read as fast as it is answered, and others are served meanwhile.', async () => {
  const socket = dial();
  const answers = text(socket);
  const flood = Array.from({ length: 5_000 }, (_, id) => `{"id":${id},"verb":"tree"}\n`).join('');
  socket.write(flood);
  for (let count = 0; count < 10; count++)
    expect(await watchdog.tree()).toMatchObject({ path: 'root' });
  socket.destroy();
  await answers.catch(() => '');
});

test('A flood whose answers nobody reads is cut off.', async () => {
  const socket = dial();
  socket.pause();
  const request = '{"id":1,"verb":"tree"}\n'.repeat(2_000);
  socket.write(request);
  await deadline(
    'close',
    new Promise((resolve) => {
      const poke = setInterval(() => {
        if (socket.writable) socket.write(request);
      }, 50);
      socket.once('error', () => {
        clearInterval(poke);
        resolve(undefined);
      });
    }),
    20_000,
  );
});

test('A thousand connections come and go; beyond the limit they are closed at once.', async () => {
  for (let round = 0; round < 10; round++) {
    const crowd = Array.from({ length: 100 }, () => dial());
    await Promise.all(
      crowd.map(
        (socket) =>
          new Promise((resolve) => {
            socket.once('connect', resolve).once('close', resolve);
          }),
      ),
    );
    for (const socket of crowd) socket.destroy();
  }
  watchdog.close();
  watchdog = await eventually('room again', async () => {
    const client = await daemon.debug().catch(() => undefined);
    const isServed = await client?.call('hello', {}).then(
      () => true,
      () => false,
    );
    return isServed ? client : undefined;
  });
});

test('Half of a request, and a client that goes before its answer, hurt nobody.', async () => {
  for (let round = 0; round < 50; round++) {
    const socket = dial();
    socket.write('{"id":1,"verb":"tr');
    socket.destroy();
    const other = dial();
    other.write('{"id":1,"verb":"tree"}\n{"id":2,"verb":"watch_tree"}\n');
    other.destroy();
  }
});

/** Follows everything; a daemon too busy to be asked says so, and is asked again. */
async function subscribe(socket: Socket): Promise<void> {
  const request = '{"id":1,"verb":"trace","pattern":"**","limit":10000,"for_ms":60000}\n';
  await eventually('a subscription', async () => {
    let heard = '';
    const onData = (bytes: Buffer) => void (heard += bytes.toString());
    socket.on('data', onData).write(request);
    const answer = () => heard.split('\n').find((line) => line.includes('"id":1,'));
    await eventually('an answer', answer);
    socket.off('data', onData);
    return JSON.parse(answer()!).ok;
  });
}

/** A client that comes and goes: half a dozen messages between actors. */
async function visit(): Promise<void> {
  const socket = connect({ path: place.socketPath });
  socket.end('{"Hello":{"version":1}}\n');
  await closed(socket);
}

test('A subscriber that does not read loses its subscription, not the daemon its time.', async () => {
  const socket = dial();
  for (let count = 0; count < 8; count++) await subscribe(socket);
  socket.pause();
  const untilMs = performance.now() + 2_000;
  for (let round = 0; round < 40 || performance.now() < untilMs; round++)
    await Promise.all(Array.from({ length: 20 }, visit));
  expect(await watchdog.tree()).toMatchObject({ path: 'root' });
  const got = text(socket);
  socket.end();
  const lines = (await deadline('the rest', got, 20_000)).trim().split('\n');
  const ends = lines.map((line) => JSON.parse(line).end).filter((end) => end !== undefined);
  expect(ends).toEqual(Array.from({ length: 8 }, () => 'slow'));
}, 60_000);
