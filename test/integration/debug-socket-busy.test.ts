// Given a daemon whose main thread does not come back from one turn of one actor. Expect: the debug socket goes
// on, names the actor and the message, shows what was known before, and refuses what it cannot do.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DebugClient } from '#codi/client/index.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';

// An address, not a path: NODE_OPTIONS is split at spaces.
const PRELOAD = new URL('../support/spin-when-root-gone.mjs', import.meta.url).href;

let place: DaemonPlace;
let daemon: RunningDaemon;
let debug: DebugClient;
let root: string;

beforeEach(async () => {
  place = newPlace();
  root = join(place.home, 'watched');
  mkdirSync(root);
  daemon = await startDaemon(place, [root], {
    env: {
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${PRELOAD}`,
      SPIN_UNTIL: join(place.home, 'enough'),
    },
  });
  debug = await DebugClient.connect({ socketPath: place.debugSocketPath });
});
afterEach(async () => {
  debug.close();
  await daemon.kill();
  place.remove();
});

/** When the main thread is in that turn. */
async function spin() {
  rmSync(root, { recursive: true });
  return eventually(
    'a busy main thread',
    async () => ((await debug.tree()) as { busy?: any }).busy,
  );
}

test('It names the actor, the message and for how long, and every verb answers meanwhile.', async () => {
  await debug.call('stats', {});
  const busy = await spin();
  expect(busy).toMatchObject({ message: 'fromHost', busy_ms: expect.any(Number) });
  expect(busy.path).toMatch(/^watching\/watchers\//);
  const { path } = busy as { path: string };

  const tree = await debug.call('tree', {});
  expect(tree).toMatchObject({ path: 'root', busy: { path } });
  expect(tree.stale_ms).toBeGreaterThan(0);
  const view = await debug.call('inspect', { path });
  expect(view).toMatchObject({ path, epoch: 1, in_flight: { type: 'fromHost' }, busy: { path } });
  expect(view.in_flight!.running_ms).toBeGreaterThan(busy.busy_ms);
  expect(view.stats).toMatchObject({ path });
  const why = await debug.call('why', { path: 'serving/unix' });
  expect(why.causes[0]).toMatchObject({ kind: 'mainThreadBusy' });
  expect(why.causes[0]!.text).toContain(`fromHost of ${path}`);
  expect(await debug.call('stats', { path })).toMatchObject({ actors: [{ path }], busy: { path } });
  const { reports } = await debug.call('reports', { limit: 500 });
  expect(reports.at(-1)).toMatchObject({ seq: 1 });
  expect(await debug.call('crashes', {})).toMatchObject({ crashes: [], busy: { path } });

  const refused = { code: 'CODI_ACTOR_BUSY', retryable: true };
  for (const verb of ['peek', 'recent', 'kill', 'restart', 'stop', 'suspend', 'resume'] as const)
    await expect(debug.call(verb, { path: 'serving/unix' }), verb).rejects.toMatchObject(refused);
  for (const verb of ['deadletters', 'leaks'] as const)
    await expect(debug.call(verb, {}), verb).rejects.toMatchObject(refused);
  await expect(debug.call('peek', { path })).rejects.toThrow(
    /busy for \d+ ms in fromHost of watching\/watchers\//,
  );
  await expect(debug.call('inspect', { path: 'x' })).rejects.toMatchObject({
    code: 'CODI_ACTOR_NOT_FOUND',
  });
  // All of it came while the main thread was in that same turn.
  expect((await debug.call('tree', {})).busy!.busy_ms).toBeGreaterThan(busy.busy_ms);
});

test('Subscriptions live through it; what was refused is never done afterwards.', async () => {
  const top = await debug.subscribe('top', { interval_ms: 1_000 });
  const tree = await debug.subscribe('watch_tree', {});
  const frames = top[Symbol.asyncIterator]();
  const changes = tree[Symbol.asyncIterator]();
  const first = await deadline('a frame', frames.next());
  expect(first.value).toMatchObject({
    service: { state: 'healthy' },
    process: { threads: expect.any(Number) },
  });
  expect((await deadline('a snapshot', changes.next())).value).toMatchObject({ kind: 'snapshot' });

  const busy = await spin();
  const stale = await eventually('a stale frame', async () => {
    const { value } = await deadline('a frame', frames.next());
    return value.busy && value;
  });
  expect(stale).toMatchObject({ busy: { path: busy.path }, actors: first.value.actors });
  const killed = debug.call('kill', { path: 'serving/unix' });
  await expect(killed).rejects.toMatchObject({ code: 'CODI_ACTOR_BUSY' });
  const late = await daemon.debug();
  expect(await late.tree()).toMatchObject({ busy: { path: busy.path } });
  late.close();

  writeFileSync(join(place.home, 'enough'), '');
  await eventually('a free main thread', async () => !('busy' in (await debug.tree())));
  const deltas = await deadline('deltas', changes.next());
  expect(deltas.value).toMatchObject({ kind: 'deltas' });
  const { epoch } = await debug.call('inspect', { path: 'serving/unix' });
  expect(epoch).toBe(1);
});
