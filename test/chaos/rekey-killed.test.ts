// Given a plain store with entries in its tables and in segments. Break: `codi store rekey` is killed at the entry of
// its nth write, sync, truncation, rename or removal of a file in the data directory. Expect after: whoever takes the
// lock next finds the old store under the old key or the new one under the new key, each of them whole; the same
// command then ends with the new one, and nothing is left beside it. `CODI_REKEY_POINTS` sets how many points.
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { presentKey } from '#codi/workers/storage/archive/rekey.js';
import { finishRekey } from '#codi/workers/storage/archive/rekey-swap.js';
import { StoreKey } from '#codi/workers/storage/cipher/store-key.js';
import { KEY, OTHER_KEY, withCiphers } from '../support/encryption.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { contentOf, RekeyPlace } from '../support/rekey.ts';
import { skipUnless } from '../support/skip.ts';
import { fileOf, hasStrace, NO_STRACE, readTrace, underStrace } from '../support/strace.ts';

const CALLS =
  'pwrite64,write,writev,fsync,fdatasync,ftruncate,rename,unlink,unlinkat,rmdir,mkdir,copy_file_range,sendfile';
const CODI = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));
/** At most so many of them belong to the moment at which the stores change places. */
const SWAP_RENAMES = 6;
const points = Number(process.env['CODI_REKEY_POINTS'] ?? 4);
const seed = newSeed();

let place: RekeyPlace;
beforeAll(async () => {
  place = await new RekeyPlace().fill();
});
afterAll(() => place.remove());

interface Point {
  call: string;
  n: number;
}

/** Resolves with what it said when it failed or was killed; with nothing when it is done. */
function rekey(dataDir: string, env: Record<string, string>, tracing: readonly string[]) {
  const line = [process.execPath, CODI, '--data-dir', dataDir, 'store', 'rekey'];
  return new Promise<string | undefined>((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', ...env }, timeout: 60_000 };
    const [program, ...args] = underStrace(['-qq', ...tracing, ...line]);
    execFile(program, args, options, (error, _, stderr) =>
      resolve(error ? `${error.message}: ${stderr}` : undefined),
    );
  });
}

/** What a kill can hit. */
async function countPoints(env: Record<string, string>, from: string): Promise<Point[]> {
  const dataDir = join(place.home, 'counted');
  cpSync(from, dataDir, { recursive: true });
  const trace = join(place.home, 'trace');
  expect(await rekey(dataDir, env, ['-y', '-o', trace, '-e', `trace=${CALLS}`])).toBeUndefined();
  const counts = new Map<string, number>();
  for (const call of readTrace(readFileSync(trace, 'utf8'))) {
    if (fileOf(call)?.startsWith(dataDir)) counts.set(call.name, (counts.get(call.name) ?? 0) + 1);
  }
  rmSync(dataDir, { recursive: true });
  return [...counts].flatMap(([call, most]) =>
    Array.from({ length: most }, (_, at) => ({ call, n: at + 1 })),
  );
}

/** Half of them among the last renames, which are what it is about; the rest anywhere. */
function chosen(all: readonly Point[], count: number): Point[] {
  const random = seededRandom(seed);
  const shuffled = all
    .map((point) => ({ point, rank: random() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ point }) => point);
  const renames = all.filter(({ call }) => call === 'rename').length;
  const isSwap = ({ call, n }: Point) => call === 'rename' && n > renames - SWAP_RENAMES;
  const swap = shuffled.filter(isSwap).slice(0, Math.ceil(count / 2));
  return [...swap, ...shuffled.filter((point) => !isSwap(point))].slice(0, count);
}

function killAt({ call, n }: Point): string[] {
  return [
    '-o',
    join(place.home, 'trace'),
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:signal=SIGKILL:when=${n}`,
  ];
}

const keyOf = (text: string) => new StoreKey(Buffer.from(text));

async function sweep(
  from: string,
  keys: { old?: string; next: string },
  env: Record<string, string>,
) {
  const content = contentOf(from, keys.old);
  const counted = await countPoints(env, from);
  const found: string[] = [];
  const ends = { old: 0, next: 0 };
  for (const point of chosen(counted, points)) {
    const name = `${point.call} ${point.n}`;
    const dataDir = join(place.home, 'killed');
    cpSync(from, dataDir, { recursive: true });
    await rekey(dataDir, env, killAt(point));
    finishRekey(dataDir);
    const present = presentKey(
      dataDir,
      keys.old === undefined ? undefined : keyOf(keys.old),
      keyOf(keys.next),
    );
    const isNext = present?.id === keyOf(keys.next).id;
    ends[isNext ? 'next' : 'old'] += 1;
    try {
      expect(contentOf(dataDir, isNext ? keys.next : keys.old), name).toEqual(content);
      expect(await rekey(dataDir, env, ['-e', 'trace=none']), `${name}, again`).toBeUndefined();
      expect(contentOf(dataDir, keys.next), `${name}, again`).toEqual(content);
      const left = readdirSync(dataDir).filter((file) => file.startsWith('rekey'));
      expect(left, name).toEqual([]);
    } catch (error) {
      found.push(`${name}: ${(error as Error).message}`);
    }
    rmSync(dataDir, { recursive: true });
  }
  return { found, ends, of: counted.length };
}

const run = hasStrace ? withCiphers : skipUnless(false, NO_STRACE, { requiredOnCi: true });

run(
  `a kill at any storage call of a change of keys leaves the old store or the new one (seed ${seed}, ${points} points)`,
  async () => {
    const env = { CODI_STORAGE_NEW_ENCRYPTION_KEY: OTHER_KEY };
    const encrypting = await sweep(place.dataDir, { next: OTHER_KEY }, env);
    const encrypted = join(place.home, 'encrypted');
    cpSync(place.dataDir, encrypted, { recursive: true });
    expect(
      await rekey(encrypted, { CODI_STORAGE_NEW_ENCRYPTION_KEY: KEY }, ['-e', 'trace=none']),
    ).toBeUndefined();
    const changing = await sweep(
      encrypted,
      { old: KEY, next: OTHER_KEY },
      { ...env, CODI_STORAGE_ENCRYPTION_KEY: KEY },
    );
    if (process.env['CODI_REKEY_POINTS'] !== undefined)
      process.stdout.write(`${JSON.stringify({ encrypting, changing })}\n`);
    expect([...encrypting.found, ...changing.found]).toEqual([]);
    // Kills on both sides of the moment that decides.
    for (const { ends } of [encrypting, changing]) {
      expect(ends.old).toBeGreaterThan(0);
      expect(ends.next).toBeGreaterThan(0);
    }
  },
  60_000 + points * 20_000,
);
