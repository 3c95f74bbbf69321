import { debugSpec, viewOf } from '#codi/actors/debug/debug.actor.js';
import type { TreeNode } from '#codi/supervisor/index.js';
import type { KillOutcome, ToDebug } from '#codi/workers/debug/debug.messages.js';
import { beforeEach, expect, test } from 'vitest';
import { ActorWorld } from '../../../support/actor-world.ts';
import { virtualEnvironment } from '../../../support/virtual-environment.ts';

let world: ActorWorld;
let changed: Set<() => void>;
let killed: string[];
let outcome: KillOutcome;
const host = () => world.environment.hosts.at(-1)!;
const posted = () => host().posted as ToDebug[];

beforeEach(async () => {
  changed = new Set();
  killed = [];
  outcome = { ok: true, path: 'core', epoch: 4 };
  const environment = virtualEnvironment({
    onSpawn: (spawned) => environment.clock.setImmediate(() => spawned.emit({ type: 'sys.ready' })),
  });
  world = new ActorWorld(environment);
  const spec = debugSpec(
    new URL('file:///debug.js'),
    {},
    {
      tree: () => world.system.tree(),
      onTreeChange: (listener) => {
        changed.add(listener);
        return () => void changed.delete(listener);
      },
      probe: () => outcome,
      kill: (path) => void killed.push(path),
    },
  );
  await world.start({ children: [spec] });
});

test('Its thread gets a snapshot at the start, and after changes, but not after each.', async () => {
  expect(posted()).toMatchObject([{ type: 'tree', tree: { path: 'root' } }]);
  for (let count = 0; count < 5; count++) for (const listener of changed) listener();
  await world.advance(249);
  expect(posted()).toHaveLength(1);
  await world.advance(1);
  expect(posted()).toHaveLength(2);
  for (const listener of changed) listener();
  await world.advance(250);
  expect(posted()).toHaveLength(3);
});

test('A question for the tree is answered at once.', () => {
  host().emit({ type: 'askTree', askId: 9 });
  expect(posted().at(-1)).toMatchObject({ type: 'tree', askId: 9 });
});

test('A kill is answered first and carried out then.', async () => {
  host().emit({ type: 'askKill', askId: 1, path: 'core' });
  expect([posted().at(-1), killed]).toEqual([{ type: 'killed', askId: 1, outcome }, []]);
  await world.advance(5);
  expect(killed).toEqual(['core']);
});

test('What cannot be killed is only answered.', async () => {
  outcome = { ok: false, error: 'root' };
  host().emit({ type: 'askKill', askId: 1, path: 'root' });
  await world.advance(1_000);
  expect([posted().at(-1), killed]).toEqual([{ type: 'killed', askId: 1, outcome }, []]);
});

test('A dead thread is replaced, and its successor alone hears of changes.', async () => {
  host().exit({ code: 1, signal: null });
  await world.advance(1_000);
  expect([world.environment.hosts.length, changed.size]).toEqual([2, 1]);
});

test('Stopping ends the thread.', async () => {
  const stopping = world.system.stop();
  await world.settle();
  expect(posted().at(-1)).toEqual({ type: 'stop' });
  host().exit();
  await expect(world.during(stopping)).resolves.toMatchObject({ unstopped: [] });
});

test('A node is shown in the names that scripts rely on.', () => {
  const node: TreeNode = {
    path: 'core',
    id: 'core',
    type: 'supervisor',
    state: 'running',
    note: 'well',
    strategy: 'one_for_one',
    restart: 'permanent',
    isolation: 'inline',
    epoch: 2,
    restarts: 1,
    lastRestartMs: 0,
    lastExit: { reason: 'killed by operator', at: 1 },
    uptimeMs: 1.6,
    mailbox: { count: 0, bytes: 0, highWater: 0, dropped: 0 },
    children: [],
  };
  expect(viewOf(node)).toEqual({
    path: 'core',
    state: 'running',
    note: 'well',
    strategy: 'one_for_one',
    restart: 'permanent',
    isolation: 'inline',
    epoch: 2,
    restarts: 1,
    last_restart_at: '1970-01-01T00:00:00.000Z',
    last_exit: { reason: 'killed by operator', at: '1970-01-01T00:00:00.001Z' },
    uptime_ms: 2,
    children: [],
  });
});
