// Given the standard workload: producers with and without an id, single entries and batches, sessions, a watched
// folder in which files change, an administrative act, a write-ahead log that is restarted. Break: the daemon is
// killed at the entry of its nth write, sync, truncation, rename or removal of a file in the data directory, at its
// first start, at work, while it stops, while it recovers from another kill, and while retention archives and drops. Expect after, on a daemon started on
// what is left: healthy, what was acknowledged is stored, nothing twice, also when everything is sent again, every
// block of both databases is what was hashed, and the index is the fold of the events and what is on the disk.
// `npm run crash-points` is the long form: every file, every call, points 1 to N, in every phase.
import { expect } from 'vitest';
import {
  countCrashPoints,
  crashAt,
  PHASES,
  type CrashPoint,
  type CrashResult,
} from '../support/crash-points.ts';
import { newSeed, seededRandom } from '../support/random.ts';
import { skipUnless } from '../support/skip.ts';
import { hasStrace, NO_STRACE } from '../support/strace.ts';

const isLong = process.env['CODI_CRASH_POINTS'] !== undefined;
const points = Number(process.env['CODI_CRASH_POINTS'] ?? 3);
const lanes = Number(process.env['CODI_CRASH_LANES'] ?? 1);
const seed = newSeed();
/** Only these; unless told otherwise all of them, in the short form half of them. */
const phases = PHASES.filter((phase, at) => {
  const told = process.env['CODI_CRASH_PHASES'];
  if (told !== undefined) return told.includes(phase);
  return isLong || at % 2 === seed % 2;
});

/** Files and calls take turns, and in each its points in an order of the seed's: a few reach everything once. */
function chosen(groups: readonly CrashPoint[][], count: number): CrashPoint[] {
  const random = seededRandom(seed);
  const shuffled = <T>(items: readonly T[]) =>
    items
      .map((item) => ({ item, rank: random() }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ item }) => item);
  const queues = shuffled(groups).map(shuffled);
  const taken: CrashPoint[] = [];
  while (taken.length < count && queues.some((queue) => queue.length > 0))
    for (const queue of queues) {
      const point = queue.pop();
      if (point && taken.length < count) taken.push(point);
    }
  return taken;
}

function say(line: string): void {
  if (isLong) process.stdout.write(`${line}\n`);
}

const named = ({ phase, file, call, n }: CrashPoint) =>
  `${phase}: ${call} ${n} of ${file === '' ? 'the data directory' : file}`;

/** What was run, by phase and file, and how often a state of interest was reached. */
function summary(results: readonly { point: CrashPoint; result: CrashResult }[]): string[] {
  const kinds = new Map<string, { points: number; killed: number }>();
  for (const { point, result } of results) {
    const key = `${point.phase} ${point.file || '(directory)'} ${point.call}`;
    const kind = kinds.get(key) ?? { points: 0, killed: 0 };
    kind.points += 1;
    kind.killed += Number(result.wasKilled);
    kinds.set(key, kind);
  }
  const all = results.map(({ result }) => result);
  const killed = all.filter(({ wasKilled }) => wasKilled);
  const among = killed.filter(({ acknowledged }) => acknowledged > 0);
  const ahead = killed.filter(({ unanswered }) => unanswered > 0);
  const restarts = all.map(({ restartMs }) => restartMs).sort((one, other) => one - other);
  const at = (share: number) => restarts[Math.floor((restarts.length - 1) * share)]?.toFixed(0);
  return [
    ...[...kinds].map(([key, { points, killed }]) => `  ${key}: ${killed} of ${points}`),
    `${all.length} points, ${killed.length} killed, ${all.length - killed.length} not reached`,
    `${among.length} with acknowledged entries, ${ahead.length} with stored ones that nobody knew of`,
    `ready again after ${at(0.5)} ms (median), ${at(1)} ms (slowest)`,
  ];
}

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  `a kill at any storage call loses nothing that was acknowledged (seed ${seed}, ${points} points)`,
  async () => {
    const groups = await countCrashPoints(phases);
    const all = groups.reduce((sum, group) => sum + group.length, 0);
    const todo = chosen(groups, points);
    say(`${all} points in ${groups.length} kinds of calls; ${todo.length} of them, seed ${seed}`);
    const found: string[] = [];
    const results: { point: CrashPoint; result: CrashResult }[] = [];
    const startedMs = performance.now();
    const lane = async () => {
      for (let point = todo.shift(); point; point = todo.shift()) {
        const result = await crashAt(point);
        results.push({ point, result });
        for (const violation of result.violations) {
          found.push(`${named(point)}: ${violation}`);
          say(`FAILED ${found.at(-1)}`);
        }
        const { length: done } = results;
        const leftS = ((performance.now() - startedMs) / done / 1_000) * todo.length;
        if (done % 10 === 0)
          say(`${done} done, ${found.length} failed, ${leftS.toFixed(0)} s left`);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    for (const line of summary(results)) say(line);
    say(`${found.length} violations, seed ${seed}`);
    expect(found).toEqual([]);
    expect(results.some(({ result }) => result.wasKilled)).toBe(true);
  },
  240_000 + points * 30_000,
);
