// Given a daemon that watches a folder and has clients. Break: actors, threads and processes are killed, all of them
// at first and then at random. Expect during: it lives. Expect after: it works, and what its process holds
// (handles, descriptors, threads, children, timers, listeners) is what it was. And once it is stopped it holds
// nothing: whatever it had open had an owner that gave it back.
//   CODI_SEED=7 npm run test:kills   (1,000 kills; CODI_CHAOS_KILLS says how many otherwise)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { DebugClient } from '#codi/client/debug-client.js';
import { MonitorClient } from '#codi/client/monitor-client.js';
import { CountedDaemon, type Held } from '../support/counted-daemon.ts';
import { newPlace } from '../support/daemon.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { storedMessages, violations, writeEntries } from '../support/entries.ts';
import { differences, inIndex, onDisk } from '../support/oracle.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { skipUnless } from '../support/skip.ts';

const KILLS = Number(process.env['CODI_CHAOS_KILLS'] ?? 100);
const CLIENTS = 3;
const LOG_SHOWN_CHARS = 10_000;

interface Node {
  path: string;
  isolation: string;
  children: Node[];
}

const place = newPlace();
let daemon: CountedDaemon | undefined;
afterEach(() => {
  daemon?.kill();
  place.remove();
});

const all = (node: Node): Node[] => [node, ...node.children.flatMap(all)];

/** Another try after whatever was lost with the actor that was just killed. */
function again<T>(what: string, work: () => Promise<T | undefined>): Promise<T> {
  let last: unknown;
  const attempt = () =>
    work().catch((error: unknown) => {
      last = error;
      return undefined;
    });
  return eventually(what, attempt, 60_000).catch((error: Error) => {
    const given = `gave up: ${daemon?.hasGivenUp}, its log: ${daemon?.stderr.slice(-LOG_SHOWN_CHARS)}`;
    throw new Error(`${error.message}; ${String(last)}; ${given}`, { cause: last });
  });
}

async function killOne(choose: (nodes: Node[]) => Node | undefined): Promise<Node | undefined> {
  const { node } = await again('a kill', async () => {
    const debug = await DebugClient.connect({ socketPath: place.debugSocketPath });
    try {
      const victims = all((await debug.tree()) as Node).filter(({ path }) => path !== 'root');
      const chosen = choose(victims);
      if (chosen) await debug.kill(chosen.path);
      return { node: chosen };
    } finally {
      debug.close();
    }
  });
  return node;
}

const connect = () => MonitorClient.connect({ socketPath: place.socketPath, deadlineMs: 60_000 });

async function healthy(): Promise<MonitorClient> {
  return again('a healthy daemon', async () => {
    const client = await connect();
    const health = await client.request('Health', {});
    if (health.state === 'healthy') return client;
    await client.close();
    throw new Error(JSON.stringify(health));
  });
}

/** Writes, changes a file, and finds both. */
async function works(root: string, name: string): Promise<void> {
  const client = await healthy();
  const writer = writeEntries(client, name, 20);
  await writer.done;
  writeFileSync(join(root, name), name);
  await client.request('Sync', {});
  const recorded = await inIndex(client, root);
  expect(differences(onDisk(root), recorded, ['on disk', 'recorded'])).toEqual([]);
  const stored = await storedMessages(client);
  expect(violations(writer.accepted, stored)).toEqual({ lost: [], doubled: [] });
  await client.close();
}

/** What it holds when nothing has changed for so long (reader threads leave after 10 s without work). */
async function atRest(quietMs: number): Promise<Held> {
  let last = '';
  let sinceMs = performance.now();
  return eventually(
    'rest',
    async () => {
      const held = await daemon!.held();
      if (JSON.stringify(held) !== last) sinceMs = performance.now();
      last = JSON.stringify(held);
      return performance.now() - sinceMs >= quietMs ? held : undefined;
    },
    60_000,
  );
}

/** Waits until the process holds what it held before; the error shows the difference. */
async function holdsAgain(wanted: Held, seed: number): Promise<void> {
  let last: Held | undefined;
  const isSame = async () => {
    last = await daemon!.held();
    return JSON.stringify(last) === JSON.stringify(wanted);
  };
  await eventually('rest', isSame, 45_000).catch(() => undefined);
  expect(last, `seed ${seed}`).toEqual(wanted);
}

const onLinux = skipUnless(process.platform === 'linux', 'it reads /proc');

onLinux(
  'kills leave nothing behind, and a stopped daemon holds nothing',
  async () => {
    const seed = newSeed();
    const random = seededRandom(seed);
    const root = join(place.home, 'watched');
    mkdirSync(root);
    daemon = new CountedDaemon(place, [root]);
    // The first life makes what a process makes once: the thread pool, the log's descriptor.
    await daemon.start();
    await works(root, 'first');
    await daemon.stop();
    const stopped = await atRest(1_000);
    await daemon.start();
    await works(root, 'second');
    const rested = await atRest(12_000);

    const clients = await Promise.all(Array.from({ length: CLIENTS }, connect));
    const accepted: string[] = [];
    const seen = new Map<string, string>();
    for (let count = 0; count < KILLS; count += 1) {
      // First everybody once, whatever chance would say.
      const node = await killOne((nodes) => {
        const fresh = nodes.filter(({ path }) => !seen.has(path.replace(/\d+$/, '#')));
        const from = fresh.length > 0 && count < KILLS / 2 ? fresh : nodes;
        return from[Math.floor(random() * from.length)];
      });
      if (node) seen.set(node.path.replace(/\d+$/, '#'), node.isolation);
      if (count % 10 === 0) {
        const client = clients[Math.floor(random() * CLIENTS)]!;
        const writer = writeEntries(client, `kill ${count}`, 5);
        void writer.done.then(() => accepted.push(...writer.accepted)).catch(() => undefined);
        writeFileSync(join(root, `f${count}`), String(seed));
      }
    }
    const isolations = new Set([...seen.values()].map((isolation) => isolation.split(' ')[0]));
    expect([...isolations].toSorted()).toEqual(['inline', 'pid', 'thread']);
    await deadline('the answers', Promise.all(clients.map((client) => client.flush())), 60_000);
    await Promise.all(clients.map((client) => client.close()));
    expect(daemon.hasGivenUp, daemon.stderr).toBe(false);

    await works(root, 'after');
    const client = await healthy();
    const stored = await storedMessages(client);
    expect(violations(accepted, stored), `seed ${seed}`).toEqual({ lost: [], doubled: [] });
    await client.close();
    await holdsAgain(rested, seed);
    await daemon.stop();
    await holdsAgain(stopped, seed);
    expect(await daemon.leave()).toBe(0);
  },
  60_000 + KILLS * 2_000,
);
