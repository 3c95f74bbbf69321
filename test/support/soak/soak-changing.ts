import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { MonitorClient } from '#codi/client/index.js';
import { exportName } from '../exports.ts';
import { deadline } from '../deadline.ts';
import type { Activity } from './soak-load.ts';
import type { SoakPlace } from './soak-place.ts';

const FILES = 40;
const BURST_FILES = 40;
const PATIENCE_MS = 60_000;

/** What happens to files below the roots, and to roots. */
export function changing(place: SoakPlace): Activity[] {
  return [saves(place), directories(place), bursts(place), roots(place), exported(place)];
}

const content = (place: SoakPlace) => String(place.random()).repeat(1 + place.random() * 20);

/** As editors save, and as logs grow. */
function saves(place: SoakPlace): Activity {
  return {
    name: 'saves',
    everyMs: 200,
    run: async (round) => {
      const root = place.roots[round % 10 === 0 ? 1 : 0];
      const path = join(root, `file-${Math.floor(place.random() * FILES)}`);
      writeFileSync(`${path}.new`, content(place));
      renameSync(`${path}.new`, path);
      const growing = join(root, 'growing');
      if (round % 1_000 === 0) writeFileSync(growing, '');
      else appendFileSync(growing, 'more');
    },
  };
}

function directories(place: SoakPlace): Activity {
  return {
    name: 'directories',
    everyMs: 700,
    run: async (round) => {
      const [root] = place.roots;
      const made = join(root, `made-${round}`);
      mkdirSync(join(made, 'a', 'b'), { recursive: true });
      writeFileSync(join(made, 'a', 'b', 'file'), content(place));
      symlinkSync('b', join(made, 'a', 'link'));
      const old = join(root, `made-${round - 4}`);
      if (!existsSync(old)) return;
      renameSync(old, join(root, `moved-${round - 4}`));
      rmSync(join(root, `moved-${round - 4}`), { recursive: true });
    },
    end: async () => removeDirectories(place.roots[0]),
  };
}

/** As git checks out, and back. */
function bursts(place: SoakPlace): Activity {
  return {
    name: 'bursts',
    everyMs: 4_000,
    run: async (round) => {
      const tree = join(place.roots[0], 'tree');
      const lock = join(place.roots[0], 'index.lock');
      writeFileSync(lock, String(round));
      for (let index = 0; index < BURST_FILES; index++) {
        const directory = join(tree, `d${index % 8}`);
        const path = join(directory, `f${index}`);
        mkdirSync(directory, { recursive: true });
        if ((round + index) % 3 === 0) rmSync(path, { force: true });
        else writeFileSync(path, content(place));
      }
      renameSync(lock, join(place.roots[0], 'index'));
      if (round % 5 === 4) rmSync(tree, { recursive: true });
    },
    end: async () => removeDirectories(place.roots[0]),
  };
}

/** Roots that are watched for a while; some go before they are watched no more, some are polled. */
function roots(place: SoakPlace): Activity {
  let client: MonitorClient | undefined;
  return {
    name: 'roots',
    everyMs: 4_000,
    run: async (round) => {
      const path = join(place.home, `root-${round}`);
      mkdirSync(join(path, 'sub'), { recursive: true });
      client ??= await place.connect({ requestTimeoutMs: PATIENCE_MS });
      const poll = round % 4 === 3;
      await client.request('StartMonitoring', { path, recursive: true, patterns: [], poll });
      for (let index = 0; index < 10; index++) writeFileSync(join(path, 'sub', `f${index}`), path);
      await client.request('Sync', { timeout_ms: PATIENCE_MS });
      if (round % 2 === 1) rmSync(path, { recursive: true });
      await client.request('StopMonitoring', { path });
      rmSync(path, { recursive: true, force: true });
    },
    end: async () => client?.close(),
  };
}

/** What an agent exports is captured; then its original goes. */
function exported(place: SoakPlace): Activity {
  let client: MonitorClient | undefined;
  return {
    name: 'exports',
    everyMs: 3_000,
    run: async (round) => {
      client ??= await place.connect({ requestTimeoutMs: PATIENCE_MS });
      const path = join(place.roots[0], exportName(`soak${round}`));
      const filter = { path };
      writeFileSync(path, `export ${round} ${content(place)}`);
      const isCaptured = async () => {
        for (;;) {
          const query = { filter, limit: 10 } as const;
          const { exports } = await client!.request('QueryExports', query);
          if (exports.length > 1) throw new Error(`captured ${exports.length} times`);
          if (exports.length === 1) return;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      };
      await deadline('a captured export', isCaptured(), PATIENCE_MS);
      unlinkSync(path);
    },
    end: async () => client?.close(),
  };
}

/** Each has a watch, which has to go with it. */
function removeDirectories(root: string): void {
  for (const entry of readdirSync(root, { withFileTypes: true }))
    if (entry.isDirectory()) rmSync(join(root, entry.name), { recursive: true });
}
