import type { RootTable, WatchedRoot } from '#codi/actors/watching/root-table.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { TreeNode } from '#codi/supervisor/index.js';
import { httpPages } from '#codi/wiring/http-pages.js';
import { measure } from '#codi/wiring/measurements.js';
import type { Shared } from '#codi/wiring/shared.js';
import { beforeEach, expect, test } from 'vitest';
import type { TelemetryLog } from '../../support/actor-world.ts';
import { fakeShared, treeNode } from '../../support/fake-shared.ts';

let shared: Shared;
let roots: RootTable;
let log: TelemetryLog;
let ledger: string;
let watchers: TreeNode[];

beforeEach(() => {
  ledger = 'idle';
  watchers = [treeNode('watching/watchers//home/ana', 'watching')];
  const tree = () => [
    treeNode('core', 'running', [
      treeNode('core/storage/ledger-writer', ledger),
      treeNode('core/storage/state-writer', 'idle', [], {
        mailbox: { count: 3, bytes: 30, highWater: 0, dropped: 0 },
      }),
    ]),
    treeNode('watching/watchers', 'running', watchers, { strategy: 'dynamic' }),
    treeNode('serving/unix', 'listening'),
  ];
  ({ shared, roots, log } = fakeShared(tree));
});

const get = async (path: '/livez' | '/readyz' | '/health') => {
  const { status, body } = await httpPages(shared).get(path)!();
  return { status, body: JSON.parse(body) as Record<string, unknown> };
};
const brokenRoot = { root: 1, path: bytePathFromUtf8('/home/ana'), state: 'failed', files: 3 };

test('A daemon that takes entries is live, ready and healthy.', async () => {
  expect(await get('/livez')).toEqual({ status: '200', body: { status: 'live' } });
  expect(await get('/readyz')).toEqual({ status: '200', body: { status: 'ready' } });
  expect(await get('/health')).toEqual({
    status: '200',
    body: {
      status: 'healthy',
      version: '1.2.3',
      uptime_seconds: 2.25,
      reasons: [],
      components: [
        { name: 'core/storage/ledger-writer', state: 'idle', restarts: 2 },
        { name: 'core/storage/state-writer', state: 'idle', restarts: 2 },
        {
          name: 'watching/watchers',
          state: 'running',
          restarts: 2,
          children: 1,
          children_away: 0,
        },
        { name: 'serving/unix', state: 'listening', restarts: 2 },
      ],
    },
  });
});

test.each(['refusing', 'backing-off', 'suspended', 'parked', 'starting'])(
  'While the ledger writer is %s nothing is ready, and it is said why.',
  async (state) => {
    ledger = state;
    const reason = `core/storage/ledger-writer is ${state.replace('-', ' ')}`;
    const body = { status: 'not_ready', reasons: [reason] };
    expect(await get('/readyz')).toEqual({ status: '503', body });
    expect(await get('/livez')).toMatchObject({ status: '200' });
    expect(await get('/health')).toMatchObject({
      status: '200',
      body: { status: 'degraded', reasons: [reason] },
    });
  },
);

test('A client that is just connecting is nothing that does not work.', async () => {
  watchers = [treeNode('serving/connections/client-1', 'starting', [], { restart: 'temporary' })];
  const { body } = await get('/health');
  expect(body).toMatchObject({ status: 'healthy', reasons: [] });
  expect(body['components']).toContainEqual(expect.objectContaining({ children_away: 0 }));
});

test('What does not keep entries out leaves the daemon ready; no path of files is told to strangers.', async () => {
  watchers = [1, 2].map((number) => treeNode(`watching/watchers//home/ana/${number}`, 'parked'));
  roots.add({ ...brokenRoot, reason: 'no such device /dev/x' } as WatchedRoot);
  roots.add({ ...brokenRoot, root: 2 } as WatchedRoot);
  expect(await get('/readyz')).toMatchObject({ status: '200' });
  const { body } = await get('/health');
  expect(body['reasons']).toEqual([
    'one of watching/watchers is parked',
    'a watched root cannot be watched',
  ]);
  expect(JSON.stringify(body)).not.toMatch(/ana|dev/);
});

test('Measuring moves the metrics of the tree, of every kind, and of the daemon.', () => {
  ledger = 'refusing';
  roots.add(brokenRoot as WatchedRoot);
  measure(shared);
  const of = (name: string) => log.events.filter((event) => event.name === name);
  const kinds = of('ActorsMeasured');
  const kind = (wanted: string) => kinds.find((event) => event['kind'] === wanted);
  expect(kind('state_writer')).toMatchObject({ count: 1, queuedMessages: 3, queuedBytes: 30 });
  expect(kind('watcher')).toMatchObject({ count: 1 });
  expect(kind('http')).toMatchObject({ count: 0 });
  expect(of('SupervisionMeasured')).toMatchObject([{ messages: 5, deadLetters: 2 }]);
  expect(of('DaemonMeasured')).toMatchObject([
    { isReady: false, isHealthy: false, roots: 1, rootsAway: 1, files: 3, waitingBytes: 17 },
  ]);
});

test('Scrapes that come together share one measurement; a later one is fresh.', async () => {
  let nowMs = 0;
  let shown = 0;
  const { options } = shared as { options: any };
  options.environment.clock.monotonicMs = () => nowMs;
  options.telemetry.showMetrics = async () => `codi ${++shown}`;
  const page = httpPages(shared).get('/metrics')!;
  const bodies = await Promise.all([page(), page()]);
  nowMs = 249;
  bodies.push(await page());
  nowMs = 250;
  bodies.push(await page());
  expect(bodies.map(({ body }) => body)).toEqual(['codi 1', 'codi 1', 'codi 1', 'codi 2']);
});
