import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '#codi/supervisor/policy.js';
import type { Restart } from '#codi/supervisor/index.js';
import {
  NaiveSupervisor,
  type NaiveChild,
  type NaiveStrategy,
} from '../support/naive-supervisor.ts';
import { PolicyWorld, type Decide } from './supervisor-policy-world.ts';

/** CODI_PROPERTY_RUNS sets the number of runs of the model test; the default keeps it to a few seconds. */
const RUNS = Number(process.env['CODI_PROPERTY_RUNS'] ?? 10_000);
const MUTANT_RUNS = 3_000;

type Step =
  | { do: 'crash' | 'finish' | 'stop'; child: number }
  | { do: 'break'; child: number; times: number }
  | { do: 'wait'; share: number };

const child = fc.nat({ max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('crash' as const), child }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('finish' as const, 'stop' as const), child }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      child,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  // Shares of the period: 2 is exactly the period, 3 is a millisecond beyond it.
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), share: fc.nat({ max: 3 }) }),
  },
);

const scenario = fc.record({
  strategy: fc.constantFrom<NaiveStrategy>('one_for_one', 'one_for_all', 'rest_for_one'),
  intensity: fc.nat({ max: 4 }),
  periodMs: fc.integer({ min: 2, max: 1_000 }),
  autoShutdown: fc.constantFrom(
    'never' as const,
    'any_significant' as const,
    'all_significant' as const,
  ),
  children: fc
    .array(
      fc.record({
        restart: fc.constantFrom<Restart>('permanent', 'transient', 'temporary'),
        isWished: fc.boolean(),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((children) =>
      children.map(({ restart, isWished }, index): NaiveChild => {
        return { id: `c${index}`, restart, significant: isWished && restart !== 'permanent' };
      }),
    ),
  steps: fc.array(step, { minLength: 1, maxLength: 20 }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

function holds({ steps, ...setup }: Scenario, decider: Decide): boolean {
  const children = setup.children.map((rules) => {
    return { ...rules, significant: rules.significant && setup.autoShutdown !== 'never' };
  });
  const naive = new NaiveSupervisor({ ...setup, children });
  naive.start();
  const world = new PolicyWorld({ ...setup, children }, decider);
  for (const one of steps) {
    if (one.do === 'wait') {
      const half = Math.ceil(setup.periodMs / 2);
      const ms = [0, half, setup.periodMs, setup.periodMs + 1][one.share]!;
      naive.nowMs += ms;
      world.nowMs += ms;
      continue;
    }
    const id = `c${one.child}`;
    if (one.do === 'break') {
      naive.failures.set(id, one.times);
      world.failures.set(id, one.times);
    } else if (naive.isUp(id)) {
      if (one.do === 'stop') naive.terminate(id);
      else naive.exit(id, one.do === 'finish');
      if (one.do === 'stop') world.stop(id);
      else world.exit(id, one.do === 'finish');
    }
    if (JSON.stringify(naive.log) !== JSON.stringify(world.log)) return false;
    if (naive.isAlive !== world.isAlive) return false;
    if (!naive.isAlive) return true;
    if (JSON.stringify(naive.list()) !== JSON.stringify(world.list())) return false;
  }
  return true;
}

describe('the pure policy', () => {
  it(`decides what OTP's own rules, told naively, decide, in ${RUNS} random lives`, () => {
    fc.assert(
      fc.property(scenario, (life) => holds(life, decide)),
      { numRuns: RUNS },
    );
  });

  // What a slip of the hand could make of it: each must be told from OTP.
  const mutants: [string, 'policy' | 'restart-window', string, string][] = [
    [
      'melts one restart too early',
      'restart-window',
      'window.length > intensity',
      'window.length >= intensity',
    ],
    [
      'melts one restart too late',
      'restart-window',
      'window.length > intensity',
      'window.length > intensity + 1',
    ],
    [
      'forgets a restart at the edge of the period',
      'restart-window',
      'time >= oldestMs',
      'time > oldestMs',
    ],
    [
      'never forgets a restart',
      'restart-window',
      'const oldestMs = nowMs - periodMs',
      'const oldestMs = nowMs - 1e9',
    ],
    [
      'restarts temporary children',
      'policy',
      "if (restart === 'temporary')\n        return false",
      'if (false) return false',
    ],
    [
      'restarts transient children after a clean end',
      'policy',
      '!isCleanExit(reason);\n}',
      'true;\n}',
    ],
    [
      'stops siblings in start order',
      'policy',
      '.map((rules) => rules.id).reverse()',
      '.map((rules) => rules.id)',
    ],
    [
      'keeps temporary siblings of a group',
      'policy',
      "siblings.filter((rules) => rules.restart === 'temporary')",
      'siblings.filter(() => false)',
    ],
    [
      'takes rest_for_one for one_for_all',
      'policy',
      "strategy === 'rest_for_one' ? indexOf(state, id) : 0",
      '0',
    ],
    [
      'takes one_for_all for rest_for_one',
      'policy',
      "strategy === 'rest_for_one' ? indexOf(state, id) : 0",
      'indexOf(state, id)',
    ],
    [
      'shuts down with any where all are asked for',
      'policy',
      "autoShutdown === 'all_significant' && isLast",
      "autoShutdown === 'all_significant'",
    ],
    [
      'does not count failed attempts',
      'policy',
      'isExhausted(restarts, state.flags.intensity)',
      "event.kind === 'exited' && isExhausted(restarts, state.flags.intensity)",
    ],
    ['ignores significance', 'policy', 'if (significant && isEndMeant)', 'if (false)'],
  ];

  it('is not caught when nothing is changed in it', async () => {
    const same = await mutantOf('policy', 'function endPlan(', 'function endPlan(');
    const property = fc.property(scenario, (life) => holds(life, same));
    expect(fc.check(property, { numRuns: MUTANT_RUNS }).failed).toBe(false);
  });

  it.each(mutants)('is caught by the model when it %s', async (_name, file, from, to) => {
    const mutant = await mutantOf(file, from, to);
    const { failed } = fc.check(
      fc.property(scenario, (life) => holds(life, mutant)),
      { numRuns: MUTANT_RUNS, seed: 20_260_101, endOnFailure: true },
    );
    expect(failed).toBe(true);
  });
});

/** The compiled policy with one place changed, as modules in memory. */
async function mutantOf(
  file: 'policy' | 'restart-window',
  from: string,
  to: string,
): Promise<Decide> {
  const folder = new URL('../../dist/supervisor/', import.meta.url);
  // A relative source map in a data: URL breaks Node's coverage.
  const read = (name: string) =>
    readFileSync(new URL(`${name}.js`, folder), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const mutate = (name: string) => {
    const code = read(name);
    if (name !== file) return code;
    if (code.split(from).length !== 2) throw new Error(`'${from}' must be in ${name}.js once`);
    return code.replace(from, to);
  };
  const window = asUrl(mutate('restart-window'));
  const code = mutate('policy').replaceAll(/from '\.\/([\w-]+)\.js'/g, (_text, name: string) =>
    name === 'restart-window' ? `from '${window}'` : `from '${new URL(`${name}.js`, folder).href}'`,
  );
  const module = (await import(/* @vite-ignore */ asUrl(code))) as { decide: Decide };
  return module.decide;
}
