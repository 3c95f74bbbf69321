import { HttpDoor } from '#codi/actors/serving/http-door.js';
import {
  jsonReply,
  type HttpHandlers,
  type HttpListener,
} from '#codi/actors/serving/http-ports.js';
import { httpSpec } from '#codi/actors/serving/http.actor.js';
import { CodiError } from '#codi/protocol/errors.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';

const REQUEST = { method: 'GET', path: '/livez', hosts: ['localhost'], announcesBody: false };

let world: ActorWorld;
let log: TelemetryLog;
let door: HttpDoor;
let tried: number[];
let taken: Set<number>;
let open: { handlers: HttpHandlers; isClosed: boolean }[];
let failure: Error | undefined;
let isStuck: boolean;
let release: (() => void) | undefined;
const latest = () => open.at(-1)!;

beforeEach(() => {
  log = rememberTelemetry();
  door = new HttpDoor(() => undefined);
  tried = [];
  taken = new Set();
  open = [];
  failure = undefined;
  isStuck = false;
});

async function listen(port: number, handlers: HttpHandlers): Promise<HttpListener> {
  tried.push(port);
  if (failure) throw failure;
  if (isStuck) {
    await new Promise<void>((resolve) => (release = resolve));
    port = 60_000;
  }
  if (taken.has(port))
    throw new CodiError('CODI_HTTP_UNAVAILABLE', { address: `a:${port}`, reason: 'it is taken' });
  const entry = { handlers, isClosed: false };
  open.push(entry);
  const bound = port === 0 ? 50_000 + open.length : port;
  return {
    port: bound,
    url: `http://a:${bound}`,
    close: async () => void (entry.isClosed = true),
  };
}

async function start(port: number | undefined): Promise<void> {
  const pages = new Map([
    ['/livez', () => jsonReply('200', { status: 'live' })],
    [
      '/health',
      () => {
        throw new Error('no tree');
      },
    ],
  ] as const);
  const spec = httpSpec({
    listen,
    door,
    port,
    allowedHosts: ['Codi.example'],
    pages: pages as never,
    telemetry: log.telemetry,
  });
  world = new ActorWorld();
  await world.start({ children: [spec] });
}

const ask = async (request: Partial<typeof REQUEST>) => {
  const answer = latest().handlers.answer({ ...REQUEST, ...request });
  await world.settle();
  const { status, body } = (await answer)!;
  return { status, ...(JSON.parse(body) as { error?: { code: string } }) };
};

test('A page is answered, and counted by its route and status.', async () => {
  await start(undefined);
  expect(await ask({})).toEqual({ status: 'live' });
  expect(log.events.at(-1)).toMatchObject({ route: '/livez', status: '200' });
  expect(world.node('http')).toMatchObject({ state: 'listening', note: 'http://a:9090' });
});

test.each([
  ['no Host', { hosts: [] }, '400', 'CODI_HTTP_REQUEST_INVALID'],
  ['two Hosts', { hosts: ['localhost', 'localhost'] }, '400', 'CODI_HTTP_REQUEST_INVALID'],
  ['the name of another', { hosts: ['evil.example'] }, '421', 'CODI_HTTP_HOST_REFUSED'],
  ['a name that begins well', { hosts: ['127.0.0.1.evil'] }, '421', 'CODI_HTTP_HOST_REFUSED'],
  ['a name with more behind it', { hosts: ['localhost:1:2'] }, '421', 'CODI_HTTP_HOST_REFUSED'],
  ['a POST', { method: 'POST' }, '405', 'CODI_HTTP_REQUEST_INVALID'],
  ['a body', { announcesBody: true }, '400', 'CODI_HTTP_REQUEST_INVALID'],
  ['another page', { path: '/etc/passwd' }, '404', 'CODI_NOT_FOUND'],
] as const)('A request with %s is refused.', async (_what, request, status, code) => {
  await start(undefined);
  const answer = latest().handlers.answer({ ...REQUEST, ...request });
  const reply = (await answer)!;
  expect([reply.status, JSON.parse(reply.body).error.code]).toEqual([status, code]);
  expect(log.events.at(-1)).toMatchObject({ route: 'none', status });
});

test.each(['localhost', 'LOCALHOST:1', '127.0.0.1:9090', '[::1]:9090', '10.0.0.7', 'codi.example'])(
  'The Host %s is served.',
  async (host) => {
    await start(undefined);
    expect(await ask({ hosts: [host] })).toEqual({ status: 'live' });
  },
);

test('A page that fails is an error of its own; liveness stays.', async () => {
  await start(undefined);
  expect(await ask({ path: '/health' })).toMatchObject({ error: { code: 'CODI_INTERNAL' } });
  expect(await ask({})).toEqual({ status: 'live' });
  expect(log.names()).toContain('HttpPageFailed');
  expect(world.node('http')?.epoch).toBe(1);
});

test('Who names no port gets 9090, and any free one when that is taken.', async () => {
  taken.add(9090);
  await start(undefined);
  expect([tried, door.url, door.problem]).toEqual([[9090, 0], 'http://a:50001', undefined]);
});

test('A named port that is taken is told once with its reason, tried for again, and had when it is free.', async () => {
  taken.add(9100);
  await start(9100);
  expect(world.node('http')?.state).toBe('unavailable');
  expect(door.problem).toMatch(/a:9100: it is taken; .*http\.port/);
  await world.advance(10_000);
  expect([tried, log.names()]).toEqual([[9100, 9100], ['HttpUnavailable']]);
  taken.clear();
  await world.advance(10_000);
  expect([world.node('http')?.state, door.problem, door.url]).toEqual([
    'listening',
    undefined,
    'http://a:9100',
  ]);
  expect(world.node('http')?.restarts).toBe(0);
});

test('Killed, it cuts what it had and comes back on the same port.', async () => {
  await start(0);
  const before = latest();
  await world.kill('http');
  expect([before.isClosed, tried, door.url]).toEqual([true, [0, 50_001], 'http://a:50001']);
  expect(before.handlers.answer(REQUEST)).toBeUndefined();
});

test('An incarnation whose port comes late does not speak for its successor.', async () => {
  await start(0);
  isStuck = true;
  await world.kill('http');
  const stuck = release!;
  isStuck = false;
  world.system.kill('http');
  // Longer than a cleanup may take.
  await world.advance(3_000);
  expect(door.url).toBe('http://a:50001');
  stuck();
  await world.settle();
  expect([world.node('http')?.state, door.url]).toEqual(['listening', 'http://a:50001']);
});

test('A server that fails is replaced.', async () => {
  await start(0);
  latest().handlers.onError(new Error('EMFILE'));
  await world.advance(1_000);
  expect([open.length, world.node('http')?.state]).toEqual([2, 'listening']);
});

test('What nobody expects while binding is a crash with backoff, not a taken port.', async () => {
  await start(0);
  failure = new Error('EMFILE');
  await world.kill('http');
  expect(world.node('http')?.state).toBe('backing-off');
  failure = undefined;
  await world.advance(10_000);
  expect(world.node('http')?.state).toBe('listening');
});

test('Stopping closes it.', async () => {
  await start(0);
  await expect(world.during(world.system.stop())).resolves.toMatchObject({ unstopped: [] });
  expect([latest().isClosed, door.url]).toEqual([true, undefined]);
});
