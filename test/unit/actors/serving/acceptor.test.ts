import { acceptorSpec, type Listener } from '#codi/actors/serving/acceptor.actor.js';
import { Lobby } from '#codi/actors/serving/lobby.js';
import type { ClientSocket } from '#codi/actors/serving/ports.js';
import { CodiError } from '#codi/protocol/errors.js';
import type { Message } from '#codi/protocol/messages.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';
import { countingId, FakeSocket } from '../../../support/fake-socket.ts';
import { pending } from '../../../support/serving-world.ts';

interface Binding {
  onSocket(socket: ClientSocket): void;
  onError(error: unknown): void;
  bound: ReturnType<typeof pending<Listener>>;
  closes: number;
}

let world: ActorWorld;
let bindings: Binding[];
let started: ClientSocket[];
let canStart: boolean;
let isInstant: boolean;
let stuck: ReturnType<typeof pending<boolean>> | undefined;
let log: TelemetryLog;
let lobby: Lobby;
const latest = () => bindings.at(-1)!;

/** The kernel lets the present binding listen. */
function bind(binding: Binding): void {
  binding.bound.resolve({ close: async () => void (binding.closes += 1) });
}

beforeEach(async () => {
  bindings = [];
  started = [];
  canStart = true;
  isInstant = true;
  stuck = undefined;
  log = rememberTelemetry();
  lobby = new Lobby({ connections: 7, connectionsPerUser: 7 });
  world = new ActorWorld();
  const spec = acceptorSpec('unix', {
    listen: (onSocket, onError) => {
      const binding = { onSocket, onError, bound: pending<Listener>(), closes: 0 };
      bindings.push(binding);
      if (isInstant) bind(binding);
      return binding.bound.promise;
    },
    startConnection: async (socket) => {
      started.push(socket);
      return stuck?.promise ?? canStart;
    },
    telemetry: log.telemetry,
    limitCount: 7,
    lobby,
    mustProve: false,
    newMessage: (body) =>
      ({
        id: countingId(),
        timestamp: { seconds: 0, nanos: 0 },
        payload: { kind: 'Error', body },
      }) as Message,
  });
  await world.start({ children: [spec] });
});

test('It is ready once it listens, and starts an actor for each client.', async () => {
  const socket = new FakeSocket(world.environment.clock);
  latest().onSocket(socket);
  await world.settle();
  expect([world.node('unix')?.state, started]).toEqual(['listening', [socket]]);
  expect(socket.isEnded).toBe(false);
});

test('A client too many is told so and closed.', async () => {
  canStart = false;
  const socket = new FakeSocket(world.environment.clock);
  latest().onSocket(socket);
  await world.settle();
  expect(socket.bodies('Error')).toMatchObject([{ code: 'CODI_TOO_MANY_CONNECTIONS' }]);
  expect([socket.isEnded, log.names()]).toEqual([true, ['ConnectionRefused']]);
});

test('When its socket fails it binds anew; what had been accepted is left alone.', async () => {
  const socket = new FakeSocket(world.environment.clock);
  latest().onSocket(socket);
  latest().onError(new Error('EMFILE'));
  await world.advance(1_000);
  expect(bindings.map(({ closes }) => closes)).toEqual([1, 0]);
  expect([socket.isDestroyed, world.node('unix')?.state]).toEqual([false, 'listening']);
});

test('A path that cannot be had is tried for again and again.', async () => {
  isInstant = false;
  await world.kill('unix');
  for (let failure = 0; failure < 3; failure++) {
    latest().bound.reject(new CodiError('CODI_ALREADY_RUNNING', { pid: 1 }));
    await world.advance(10_000);
  }
  expect(bindings).toHaveLength(5);
  bind(latest());
  await world.settle();
  expect(world.node('unix')?.state).toBe('listening');
});

test('Killed while it binds, it gives the socket back before its successor binds.', async () => {
  isInstant = false;
  await world.kill('unix');
  const stale = latest();
  await world.kill('unix');
  expect(bindings).toHaveLength(2);
  bind(stale);
  await world.settle();
  expect([bindings.length, stale.closes]).toEqual([3, 1]);
  bind(latest());
  await world.settle();
  expect([latest().closes, world.node('unix')?.state]).toEqual([0, 'listening']);
});

test('A binding that never ends does not keep its successor away for ever.', async () => {
  isInstant = false;
  await world.kill('unix');
  await world.kill('unix');
  await world.advance(2_100);
  expect(bindings).toHaveLength(3);
});

test('A stale listener reaches nobody, and what it still accepts is closed.', async () => {
  const stale = latest();
  await world.kill('unix');
  const socket = new FakeSocket(world.environment.clock);
  stale.onSocket(socket);
  expect(socket.isDestroyed).toBe(true);
  stale.onError(new Error('late'));
  await world.settle();
  expect([started, world.node('unix')?.epoch]).toEqual([[], 2]);
});

test('A client whose actor cannot start is refused, also when the acceptor ends meanwhile.', async () => {
  stuck = pending<boolean>();
  const socket = new FakeSocket(world.environment.clock);
  latest().onSocket(socket);
  await world.kill('unix');
  stuck.resolve(false);
  await world.settle();
  expect([socket.isEnded, lobby.size]).toEqual([true, 0]);
});

test('Stopping closes the socket, also while it is being bound.', async () => {
  const listening = latest();
  isInstant = false;
  await world.kill('unix');
  const stopping = world.system.stop();
  await world.settle();
  bind(latest());
  await world.settle();
  await expect(stopping).resolves.toMatchObject({ unstopped: [] });
  expect([listening.closes, latest().closes]).toEqual([1, 1]);
});
