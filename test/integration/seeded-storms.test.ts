// Given folders watched in several ways: recursive, one inside another, not recursive, with patterns and ignores.
// Break: thousands of operations of every kind drawn from a seed, while the watch host is stopped and killed and the
// daemon is killed with work going on. Expect after: once it is quiet and one sync was asked for, the index is what a
// walk of the tree finds, the events folded from empty give the same, each fits the one before it, and no number is
// missing. `npm run storms` is the long form.
import { existsSync } from 'node:fs';
import { newSeed } from '../support/random.ts';
import { skipUnless } from '../support/skip.ts';
import type { StormSize } from '../support/storm/storm-plan.ts';
import { runStorm, type StormOutcome } from '../support/storm/storm-run.ts';
import { afterAll, expect } from 'vitest';

const isLong = process.env['CODI_STORM_SEEDS'] !== undefined;
const seeds = Number(process.env['CODI_STORM_SEEDS'] ?? 5);
const minutes = Number(process.env['CODI_STORM_MINUTES'] ?? 30);
const opLimit = Number(process.env['CODI_STORM_OPS'] ?? Infinity);
const firstSeed = newSeed();
// Other programs may take most of the machine.
const SEED_DEADLINE_MS = isLong ? 400_000 : 120_000;

/** The short form's storms are small; of the long form's every third makes the kernel's queue overflow. */
function sizeOf(seed: number): StormSize {
  const isRoot = process.getuid?.() === 0;
  if (!isLong) return { steps: 150, disturbances: 1, floodFiles: 0, isRoot };
  return { steps: 1_200, disturbances: 4, floodFiles: seed % 3 === 0 ? 9_000 : 0, isRoot };
}

/** How hints come: mostly as by default, else by the recursive source, or by one and then the other. Some look ahead. */
function settingsOf(seed: number): Record<string, string> {
  if (seed % 5 === 2) return { CODI_MONITOR_READ_AHEAD_ABOVE: '0' };
  if (seed % 5 === 3) return { CODI_MONITOR_HINT_SOURCE: 'parcel' };
  return seed % 5 === 4 ? { CODI_MONITOR_DIRECTORY_BUDGET: '40' } : {};
}

const outcomes: StormOutcome[] = [];
afterAll(() => {
  if (isLong) console.log(summary(outcomes));
});

const endMs = performance.now() + minutes * 60_000;
for (let index = 0; index < seeds; index++) {
  const seed = (firstSeed + index) % 2 ** 32;
  skipUnless(existsSync('/proc/self/task'), 'there is no /proc', { requiredOnCi: true })(
    `after a storm of any operations and kills the index and the folded events equal the disk (seed ${seed})`,
    async ({ skip }) => {
      skip(performance.now() > endMs, 'the minutes are over');
      const outcome = await runStorm(seed, sizeOf(seed), settingsOf(seed), opLimit);
      outcomes.push(outcome);
      if (isLong) console.log(described(outcome));
      expect(outcome.events).toBeGreaterThan(0);
    },
    SEED_DEADLINE_MS,
  );
}

function sourceOf(seed: number): string {
  const [setting] = Object.entries(settingsOf(seed));
  return setting ? ` (${setting.join('=')})` : '';
}

function described({ seed, onlySweepFound, ...counts }: StormOutcome): string {
  const lines = [`seed ${seed}: ${JSON.stringify(counts)}`];
  if (onlySweepFound.length > 0)
    lines.push(...onlySweepFound.slice(0, 5).map((line) => `  only the sync found ${line}`));
  return lines.join('\n');
}

function summary(all: readonly StormOutcome[]): string {
  const kinds = new Map<string, number>();
  const lines = all.flatMap(({ seed, onlySweepFound }) =>
    onlySweepFound.map((line) => `${line.slice(0, line.indexOf(':'))}${sourceOf(seed)}`),
  );
  for (const kind of lines) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const exact = all.filter(({ onlySweepFound }) => onlySweepFound.length === 0).length;
  const sum = (name: 'ops' | 'events' | 'hostKills' | 'daemonKills') =>
    all.reduce((total, outcome) => total + outcome[name], 0);
  return (
    `${all.length} storms, ${sum('ops')} operations, ${sum('events')} events, ${sum('hostKills')} kills of the host, ` +
    `${sum('daemonKills')} of the daemon; ${exact} exact after quiet alone; only the sync found: ` +
    JSON.stringify(Object.fromEntries(kinds))
  );
}
