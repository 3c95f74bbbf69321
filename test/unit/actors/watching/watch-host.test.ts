import { HostRouter, type HostNews } from '#codi/actors/watching/host-router.js';
import { HostTable } from '#codi/actors/watching/host-table.js';
import { watchHostSpec } from '#codi/actors/watching/watch-host.actor.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry, type TelemetryLog } from '../../../support/actor-world.ts';
import { ROOT_OPTIONS } from '../../../support/fake-watch-host.ts';
import { virtualEnvironment, type VirtualHost } from '../../../support/virtual-environment.ts';

const LIMITS = {
  ...{ hosts: 1, watchSharePercent: 50, watchesCount: 1, coverageIntervalMs: 1 },
  readAhead: { looksCount: 1, aboveMs: 1 },
};

let world: ActorWorld;
let router: HostRouter;
let news: HostNews[];
let log: TelemetryLog;
const host = (): VirtualHost => world.environment.hosts.at(-1)!;

beforeEach(async () => {
  router = new HostRouter();
  news = [];
  log = rememberTelemetry();
  const environment = virtualEnvironment({
    onSpawn: (spawned) => {
      environment.clock.setImmediate(() => spawned.emit({ type: 'sys.ready' }));
      spawned.onPost = (message) => {
        if ((message as { type: string }).type === 'stop') spawned.exit();
      };
    },
  });
  const { telemetry } = log;
  const spec = watchHostSpec(
    'host',
    { kind: 'process', entry: new URL('file:///host.js') },
    {
      router,
      silenceLimitMs: 5_000,
      startTimeoutMs: 10_000,
      telemetry,
      table: new HostTable(telemetry),
      limits: () => LIMITS,
      budget: { memoryBytes: 1_000, descriptors: 100 },
    },
  );
  const send = (message: HostNews) => {
    news.push(message);
    return 'queued' as const;
  };
  router.attachWatcher(1, 'host', { name: 'watcher', send });
  world = await ActorWorld.start([spec], environment);
});

test('It carries messages both ways.', async () => {
  const watch = router.watch(1, bytePathFromUtf8('/desk'), ROOT_OPTIONS);
  expect(host().posted).toMatchObject([
    { type: 'limits', limits: LIMITS },
    { type: 'watch', root: watch },
  ]);
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

test('Looks ahead are told as they become more.', () => {
  for (const looksAhead of [0, 5, 5, 12]) host().emit({ type: 'counters', looksAhead });
  const told = log.events.filter(({ name }) => name === 'LookedAhead');
  expect(told.map(({ looks }) => looks)).toEqual([5, 7]);
});

test('A process whose heart beats is left alone, a silent one is replaced.', async () => {
  for (let second = 0; second < 20; second++) {
    host().emit({ type: 'sys.alive', heapUsedBytes: 1, elu: 0 });
    await world.advance(1_000);
  }
  expect(world.node('host')?.epoch).toBe(1);
  expect(news).toEqual([{ type: 'hostUp', hostEpoch: 1 }]);
  await world.advance(8_000);
  expect(world.environment.hosts[0]?.kills).toBe(1);
  expect(world.node('host')).toMatchObject({
    epoch: 2,
    lastExit: { reason: expect.stringMatching(/^unresponsive for \d+ ms$/) as string },
  });
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

const VITALS = {
  ...{ watches: 1, watchesLimit: 9, instances: 1, blindDirectories: 0, leakedWatches: 0 },
  ...{ polledDirectories: 0, repairedDirectories: 0, memoryBytes: 1, descriptors: 1, auditMs: 0 },
  lookMs: 0,
};

test('A process that takes too much is replaced, and when that does not help its roots are polled.', async () => {
  for (let round = 1; round <= 4; round++) {
    expect(router.isPolled('host')).toBe(false);
    host().emit({ type: 'vitals', ...VITALS });
    expect(world.node('host')?.epoch).toBe(round);
    host().emit({ type: 'vitals', ...VITALS, memoryBytes: 1_001 });
    await world.advance(3_000);
  }
  expect(world.node('host')?.epoch).toBe(5);
  router.watch(1, bytePathFromUtf8('/desk'), ROOT_OPTIONS);
  expect(host().posted.at(-1)).toMatchObject({
    options: { hintSource: 'none', pollReason: expect.stringContaining('memory 1001') as string },
  });
  host().emit({ type: 'vitals', ...VITALS, memoryBytes: 1_001 });
  host().emit({ type: 'vitals', ...VITALS, memoryBytes: 1_001 });
  await world.advance(1_000);
  expect(world.node('host')?.epoch).toBe(5);
  expect(log.names().filter((name) => name === 'HostOverBudget')).toHaveLength(5);
});
