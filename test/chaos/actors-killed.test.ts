// Given a daemon that watches a folder and takes entries. Break: every 200 ms one actor, drawn at random, is
// killed. Expect during: the daemon lives, every victim comes back with a new epoch. Expect after: it is
// healthy, nothing acknowledged is lost, nothing is doubled, and the folder is recorded as it is.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { TreeNodeView } from '#codi/client/index.js';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { storedMessages, violations, writeEntries } from '../support/entries.ts';
import { differences, inIndex, onDisk } from '../support/oracle.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const SECONDS = Number(process.env['CODI_CHAOS_SECONDS'] ?? 8);
const INTERVAL_MS = 200;

const place = newPlace();
let daemon: RunningDaemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  place.remove();
});

function victims(node: TreeNodeView): string[] {
  // Clients of this test would only have to reconnect; the root cannot be killed.
  const own =
    node.path === 'root' || node.path.startsWith('serving/connections/') ? [] : [node.path];
  return [...own, ...node.children.flatMap(victims)];
}

function find(node: TreeNodeView, path: string): TreeNodeView | undefined {
  return node.path === path ? node : node.children.map((child) => find(child, path)).find(Boolean);
}

async function inspect<T>(
  use: (tree: TreeNodeView, kill: (path: string) => Promise<unknown>) => T | Promise<T>,
): Promise<{ value: T }> {
  return eventually('an answer of the debug socket', async () => {
    try {
      const debug = await daemon!.debug();
      try {
        const tree = await debug.tree();
        return { value: await use(tree, (path) => debug.kill(path)) };
      } finally {
        debug.close();
      }
    } catch {
      return undefined;
    }
  });
}

test('the daemon lives while one actor after the other is killed', async () => {
  const seed = newSeed();
  const random = seededRandom(seed);
  const root = join(place.home, 'watched');
  mkdirSync(root);
  daemon = await startDaemon(place, [root]);
  const client = await daemon.client({ deadlineMs: 60_000 });
  const accepted: string[] = [];
  const killed = new Map<string, number>();

  const rounds = Math.ceil((SECONDS * 1_000) / INTERVAL_MS);
  for (let round = 0; round < rounds; round++) {
    const nextAt = performance.now() + INTERVAL_MS;
    await inspect(async (tree, kill) => {
      const paths = victims(tree);
      const path = paths[Math.floor(random() * paths.length)]!;
      killed.set(path, find(tree, path)!.epoch);
      await kill(path);
    });
    const writer = writeEntries(client, `round ${round}`, 5);
    disturb(root, round);
    void writer.done.then(() => accepted.push(...writer.accepted)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextAt - performance.now())));
  }
  await deadline('the answers', client.flush(), 60_000);
  expect(daemon.process.exitCode, `seed ${seed}: ${daemon.stderr()}`).toBeNull();

  const fresh = await eventually(
    'a healthy daemon',
    async () => {
      try {
        const probe = await daemon!.client();
        const status = await probe.request('Health', {});
        if (status.state === 'healthy') return probe;
        await probe.close();
      } catch {
        // Its acceptor may be restarting.
      }
      return undefined;
    },
    60_000,
  );
  for (const [path, epoch] of killed)
    await eventually(`a new epoch of ${path} (seed ${seed})`, async () => {
      const { value } = await inspect((tree) => find(tree, path)?.epoch ?? 0);
      // A static child keeps counting; a child of a replaced dynamic supervisor starts anew.
      return value > epoch || /^watching\/(hosts|watchers)\//.test(path);
    });
  const stored = await storedMessages(fresh);
  expect(violations(accepted, stored), `seed ${seed}`).toEqual({ lost: [], doubled: [] });
  expect(stored.size).toBe(rounds * 5);
  await fresh.request('Sync', {});
  const wanted = onDisk(root);
  expect(
    differences(wanted, await inIndex(fresh, root), ['on disk', 'recorded']),
    `seed ${seed}`,
  ).toEqual([]);
  await fresh.close();
  await client.close();
}, 240_000);

/** Some changes of each kind in every round. */
function disturb(root: string, round: number): void {
  const directory = join(root, `d${round % 7}`);
  mkdirSync(join(directory, 'deep', `${round}`), { recursive: true });
  writeFileSync(join(directory, 'deep', `${round}`, 'file.txt'), 'x'.repeat(round));
  if (round % 5 === 4) renameSync(directory, join(root, `moved${round}`));
  if (round % 11 === 10)
    rmSync(join(root, `d${(round + 3) % 7}`), { recursive: true, force: true });
}
