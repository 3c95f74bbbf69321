// Whatever bytes arrive, the sender gets a typed error and is closed, and nobody else notices.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import { FrameScanner } from '#codi/protocol/frame.js';
import type { Message } from '#codi/protocol/messages.js';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { deadline } from '../support/deadline.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const place = newPlace();
let daemon: RunningDaemon;
beforeAll(async () => {
  daemon = await startDaemon(place);
});
afterAll(async () => {
  await daemon.stop();
  place.remove();
});

/** Sends bytes, ends the stream when asked to, and collects what comes back until the daemon closes. */
function exchange(bytes: Buffer, { ends = true } = {}): Promise<Buffer> {
  return deadline(
    'the end of the connection',
    new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connect({ path: place.socketPath, allowHalfOpen: true });
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', () => undefined);
      socket.on('end', () => socket.end());
      socket.on('close', () => resolve(Buffer.concat(chunks)));
      if (ends) socket.end(bytes);
      else socket.write(bytes);
    }),
  );
}

function messagesOf(answer: Buffer): Message[] {
  const scanner = new FrameScanner({ limitBytes: 1 << 20 });
  return scanner.push(answer).frames.map((frame) => {
    const decoded = decodeMessage(frame, scanner.format ?? 'msgpack');
    if (!decoded.ok) throw decoded.error;
    return decoded.message;
  });
}

function idOf(frame: Buffer): string | undefined {
  return messagesOf(frame)[0]?.id;
}

function errorCodes(answer: Buffer): string[] {
  return messagesOf(answer).flatMap(({ payload: { kind, body } }) =>
    kind === 'Error' ? [body.code] : [],
  );
}

const prefixed = (body: Buffer) => {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(body.length);
  return Buffer.concat([prefix, body]);
};

const CASES: [string, Buffer, boolean, string][] = [
  [
    'an oversize length',
    Buffer.from([0xff, 0xff, 0xff, 0x7f, 1, 2, 3]),
    false,
    'CODI_FRAME_TOO_LARGE',
  ],
  ['a length of zero', Buffer.alloc(4), false, 'CODI_FRAME_EMPTY'],
  ['a truncated frame', Buffer.from([100, 0, 0, 0, 0x93]), true, 'CODI_FRAME_TRUNCATED'],
  [
    'half a frame that never ends',
    Buffer.from([100, 0, 0, 0, 0x93]),
    false,
    'CODI_HANDSHAKE_TIMEOUT',
  ],
  ['bytes that are no MessagePack', prefixed(Buffer.alloc(64, 0xc1)), false, 'CODI_FRAME_INVALID'],
  ['a browser', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), false, 'CODI_FRAME_HTTP'],
  ['JSON that is none', Buffer.from('{"LogEntry": nonsense}\n'), false, 'CODI_FRAME_INVALID'],
  [
    'a JSON line without an end',
    Buffer.from('{"LogEntry":{"level":"Info"'),
    true,
    'CODI_FRAME_TRUNCATED',
  ],
];

test.each(CASES)('%s is answered with its error and closed', async (_what, bytes, ends, code) => {
  expect(errorCodes(await exchange(bytes, { ends }))).toEqual([code]);
});

test('what came before garbage is answered, and then the garbage', async () => {
  const entry = (message: string) =>
    encodeMessage(
      {
        id: randomUUID(),
        timestamp: { seconds: 1_700_000_000, nanos: 0 },
        payload: { kind: 'LogEntry', body: { level: 'Info', component: 'cut', message } },
      },
      'msgpack',
    );
  const entries = Array.from({ length: 20 }, (_, number) => entry(`before garbage ${number}`));
  const garbage = Buffer.alloc(1_000, 0xff);
  const clients = Array.from({ length: 20 }, () =>
    exchange(Buffer.concat([...entries, garbage]), { ends: false }),
  );
  for (const answer of await Promise.all(clients)) {
    const answers = messagesOf(answer).map(({ payload }) => payload);
    const expected = entries.map((frame) => ({
      kind: 'Acknowledgment',
      body: { request_id: idOf(frame) },
    }));
    expect(answers).toMatchObject([
      ...expected,
      { kind: 'Error', body: { code: 'CODI_FRAME_TOO_LARGE' } },
    ]);
  }
});

test('a message nested too deeply is refused', async () => {
  const deep = Buffer.concat([Buffer.alloc(5_000, 0x91), Buffer.from([0xc0])]);
  const codes = errorCodes(await exchange(prefixed(deep)));
  expect(codes).toHaveLength(1);
  expect(codes[0]).toMatch(/CODI_(TOO_DEEP|FRAME_INVALID)/);
});

test('a flood of garbage disturbs no other client', async () => {
  const seed = newSeed();
  const random = seededRandom(seed);
  const client = await daemon.client();
  const flood = Array.from({ length: 150 }, () => {
    const bytes = Buffer.alloc(1 + Math.floor(random() * 4_096));
    for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(random() * 256);
    return exchange(bytes);
  });
  const answers = Array.from({ length: 200 }, (_, number) =>
    client.log({ level: 'Info', component: 'calm', message: `${number}` }),
  );
  await Promise.all([...flood, ...answers]);
  const page = await client.request('QueryLogs', {
    filter: { component: 'calm' },
    limit: 1_000,
  } as never);
  expect(page.total_count, `seed ${seed}`).toBe(200);
  await client.close();
});
