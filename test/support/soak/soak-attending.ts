import { setTimeout as pause } from 'node:timers/promises';
import type { DebugClient, MonitorClient } from '#codi/client/index.js';
import { deadline } from '../deadline.ts';
import type { Activity } from './soak-load.ts';
import type { SoakPlace } from './soak-place.ts';

const PATIENCE_MS = 60_000;

/** Those that are there for a while and look on. */
export function attending(place: SoakPlace): Activity[] {
  return [followers(place), steady(place), sessions(place), debuggers(place), tracers(place)];
}

/** Comes, follows until it has seen an entry of its own, and goes, in one of three ways. */
function followers(place: SoakPlace): Activity {
  return {
    name: 'followers',
    everyMs: 1_500,
    run: async (round) => {
      const client = await place.connect();
      const seen = await follows(client, place);
      if (round % 3 === 0) await client.close();
      else if (round % 3 === 1) client.abort(new Error('gone') as never);
      else {
        seen.stop();
        await seen.ended;
        await client.close();
      }
    },
  };
}

async function follows(client: MonitorClient, place: SoakPlace) {
  let told: () => void = () => undefined;
  const isSeen = new Promise<void>((resolve) => (told = resolve));
  const entry = place.acknowledged.entry('followed');
  const body = { streams: ['logs', 'events'] as ('logs' | 'events')[] };
  const following = client.follow(body, ({ stream, rows }) => {
    if (stream !== 'logs') return;
    if (rows.some(({ component, message }) => isOf(entry, component, message))) told();
  });
  await client.log(entry);
  place.acknowledged.answered('followed');
  await deadline('the entry that is followed', isSeen, PATIENCE_MS);
  return following;
}

const isOf = (entry: { component: string; message: string }, component: string, message: string) =>
  component === entry.component && message === entry.message;

/** Follows all the time. */
function steady(place: SoakPlace): Activity {
  let client: MonitorClient | undefined;
  let ended: Promise<unknown> | undefined;
  let isOver = false;
  return {
    name: 'steady',
    everyMs: 1_000,
    run: async () => {
      if (isOver) throw new Error(`the following ended: ${String(await ended)}`);
      if (client) return;
      client = await place.connect();
      const following = client.follow({ streams: ['logs', 'events'] }, () => undefined);
      ended = following.ended.finally(() => (isOver = true));
    },
    end: async () => client?.close(),
  };
}

function sessions(place: SoakPlace): Activity {
  return {
    name: 'sessions',
    everyMs: 2_000,
    run: async (round) => {
      const session_id = `soak-session-${round}`;
      const client = await place.connect({ sessionId: session_id });
      await client.send('SessionStart', { session_id, identity: 'soak', agent_type: 'soak' });
      await client.log(place.acknowledged.entry('in-session'));
      place.acknowledged.answered('in-session');
      await client.request('SessionHeartbeat', { session_id });
      await client.send('SessionEnd', { session_id });
      await client.close();
    },
  };
}

/** Looks at everything, follows the tree, and leaves with or without a word. */
function debuggers(place: SoakPlace): Activity {
  return {
    name: 'debuggers',
    everyMs: 2_500,
    run: (round) =>
      withDebug(place, async (debug) => {
        const { actors } = await debug.call('stats', {});
        // Clients come and go meanwhile.
        const staying = actors.filter(({ path }) => path.startsWith('core/'));
        const { path } = staying[round % staying.length]!;
        await debug.call('recent', { path });
        await debug.call('reports', { limit: 50 });
        const watched = await debug.subscribe('watch_tree', {});
        await deadline('the tree', watched[Symbol.asyncIterator]().next(), PATIENCE_MS);
        if (round % 2 === 0) watched.close();
      }),
  };
}

/** Frames and messages as they pass, for a second. */
function tracers(place: SoakPlace): Activity {
  return {
    name: 'tracers',
    everyMs: 6_000,
    run: (round) =>
      withDebug(place, async (debug) => {
        const top = await debug.subscribe('top', { interval_ms: 1_000 });
        const pattern = round % 2 === 0 ? 'serving/**' : 'watching/**';
        const trace = await debug.subscribe('trace', { pattern, limit: 500, for_ms: 1_000 });
        void (async () => {
          for await (const _events of trace);
        })().catch(() => undefined);
        await deadline('a frame', top[Symbol.asyncIterator]().next(), PATIENCE_MS);
        await pause(1_000);
      }),
  };
}

async function withDebug(
  place: SoakPlace,
  work: (debug: DebugClient) => Promise<void>,
): Promise<void> {
  const debug = await place.daemon.debug();
  await work(debug).finally(() => debug.close());
}
