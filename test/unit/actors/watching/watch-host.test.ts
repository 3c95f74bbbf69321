import { HostRouter, type HostNews } from '#codi/actors/watching/host-router.js';
import { watchHostSpec } from '#codi/actors/watching/watch-host.actor.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';
import { ROOT_OPTIONS } from '../../../support/fake-watch-host.ts';
import { virtualEnvironment, type VirtualHost } from '../../../support/virtual-environment.ts';

let world: ActorWorld;
let router: HostRouter;
let news: HostNews[];
let log: TelemetryLog;
let isAlive: boolean;
const host = (): VirtualHost => world.environment.hosts.at(-1)!;

beforeEach(async () => {
  router = new HostRouter();
  news = [];
  log = rememberTelemetry();
  isAlive = true;
  const environment = virtualEnvironment({
    onSpawn: (spawned) => {
      environment.clock.setImmediate(() => spawned.emit({ type: 'sys.ready' }));
      spawned.onPost = (message) => {
        const { type, id } = message as { type: string; id?: number };
        if (type === 'ping' && isAlive) spawned.emit({ type: 'pong', id });
        if (type === 'stop') spawned.exit();
      };
    },
  });
  const { telemetry } = log;
  const spec = watchHostSpec('host', new URL('file:///host.js'), {
    router,
    heartbeatMs: 1_000,
    telemetry,
  });
  const send = (message: HostNews) => {
    news.push(message);
    return 'queued' as const;
  };
  router.attachWatcher(1, 'host', { name: 'watcher', send });
  world = await ActorWorld.start([spec], environment);
});

test('It carries messages both ways.', async () => {
  const watch = router.watch(1, bytePathFromUtf8('/desk'), ROOT_OPTIONS);
  expect(host().posted).toMatchObject([{ type: 'watch', root: watch }]);
  const gone = { type: 'rootGone', root: watch, reason: 'it was deleted' };
  host().emit(gone);
  host().emit({ type: 'counters', hints: 1, hintsCollapsed: 1, suspectedOverflows: 0 });
  expect(news).toEqual([
    { type: 'hostUp', hostEpoch: 1 },
    { type: 'fromHost', watch, message: gone },
  ]);
  expect(log.names()).toEqual(['HintsCollapsed']);
  expect(world.node('host')).toMatchObject({ state: 'watching', note: '1 root' });
});

test('A process that answers its heartbeats is left alone, a silent one is replaced.', async () => {
  await world.advance(20_000);
  expect(world.node('host')?.epoch).toBe(1);
  isAlive = false;
  await world.advance(4_000);
  expect(world.node('host')?.epoch).toBe(1);
  isAlive = true;
  await world.advance(3_000);
  isAlive = false;
  await world.advance(6_500);
  isAlive = true;
  await world.advance(1_000);
  expect(world.environment.hosts.map(({ kills }) => kills)).toEqual([1, 0]);
  expect(world.node('host')?.lastExit?.reason).toContain('5 heartbeats unanswered');
});

test('A process that dies is replaced, and watchers hear of both.', async () => {
  host().exit({ code: null, signal: 'SIGKILL' });
  await world.advance(1_000);
  expect(news).toEqual([
    { type: 'hostUp', hostEpoch: 1 },
    { type: 'hostDown', hostEpoch: 1 },
    { type: 'hostUp', hostEpoch: 2 },
  ]);
});

test('What a replaced process still says is not heard.', async () => {
  const first = host();
  await world.kill('host');
  const watch = router.watch(1, bytePathFromUtf8('/desk'), ROOT_OPTIONS);
  first.emit({ type: 'rootGone', root: watch, reason: 'late' });
  expect(news.some(({ type }) => type === 'fromHost')).toBe(false);
});

test('Stopping ends the process.', async () => {
  await expect(world.during(world.system.stop())).resolves.toMatchObject({ unstopped: [] });
  expect(host().hasExited).toBe(true);
});
