import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Restart } from '#codi/supervisor/index.js';
import { Probe } from '../unit/supervisor/probe.ts';
import {
  NaiveSupervisor,
  type NaiveChild,
  type NaiveStrategy,
} from '../support/naive-supervisor.ts';

type Command =
  | { do: 'crash' | 'finish' | 'terminate' | 'restart' | 'delete' | 'add'; child: number }
  | { do: 'break'; child: number; times: number }
  | { do: 'wait'; ms: number }
  /** Exactly the period, or a little more: where off-by-one errors live. */
  | { do: 'waitPeriod'; extraMs: number };

const child = fc.nat({ max: 5 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('crash' as const), child }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('finish' as const, 'terminate' as const, 'restart' as const),
      child,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'add' as const), child }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      child,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 700 }) }),
  },
);

const naiveChildren: fc.Arbitrary<NaiveChild[]> = fc
  .array(
    fc.record({
      restart: fc.constantFrom<Restart>('permanent', 'transient', 'temporary'),
      isWished: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((children) =>
    children.map(({ restart, isWished }, index) => ({
      id: `c${index}`,
      restart,
      significant: isWished && restart !== 'permanent',
    })),
  );

const scenario = fc.record({
  strategy: fc.constantFrom<NaiveStrategy>('one_for_one', 'one_for_all', 'rest_for_one'),
  intensity: fc.nat({ max: 4 }),
  periodMs: fc.integer({ min: 1, max: 1_000 }),
  autoShutdown: fc.constantFrom(
    'never' as const,
    'any_significant' as const,
    'all_significant' as const,
  ),
  children: naiveChildren,
  commands: fc.array(command, { maxLength: 25 }),
});

describe('a supervisor', () => {
  it('does what OTP would do, step by step, whatever happens to its children', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ commands, ...setup }) => {
        const { autoShutdown } = setup;
        const children = setup.children.map((rules) => ({
          ...rules,
          significant: rules.significant && autoShutdown !== 'never',
        }));
        const world = new World({ ...setup, children });
        await world.start();
        for (const step of commands) {
          await world.run(step);
          world.compare();
          if (!world.naive.isAlive) return;
        }
        await world.stop();
      }),
      { numRuns: 400 },
    );
  });
});

type Setup = ConstructorParameters<typeof NaiveSupervisor>[0];

/** The real supervisor beside the naive one. */
class World {
  readonly naive: NaiveSupervisor;
  readonly #probe = new Probe();
  readonly #setup: Setup;
  readonly #failures = new Map<string, number>();

  constructor(setup: Setup) {
    this.#setup = setup;
    this.naive = new NaiveSupervisor(setup);
  }

  async start(): Promise<void> {
    const { children, ...flags } = this.#setup;
    await this.#probe.start({ ...flags, children: children.map((rules) => this.#worker(rules)) });
    this.naive.start();
    this.compare();
  }

  async stop(): Promise<void> {
    await this.#probe.during(this.#probe.system.stop());
    this.naive.stop();
    this.compare();
  }

  async run(command: Command): Promise<void> {
    const probe = this.#probe;
    if (command.do === 'wait' || command.do === 'waitPeriod') {
      const ms = command.do === 'wait' ? command.ms : this.#setup.periodMs + command.extraMs;
      await probe.advance(ms);
      this.naive.nowMs += ms;
      return;
    }
    const id = `c${command.child}`;
    const { system } = probe;
    switch (command.do) {
      case 'break':
        this.#failures.set(id, command.times);
        this.naive.failures.set(id, command.times);
        break;
      case 'crash':
        if (!this.naive.isUp(id)) return;
        await probe.crash(id);
        this.naive.exit(id, false);
        break;
      case 'finish':
        if (!this.naive.isUp(id)) return;
        probe.send(id, { type: 'finish' });
        await probe.settle();
        this.naive.exit(id, true);
        break;
      case 'terminate':
        expect(await this.#answer(system.terminateChild('root', id))).toBe(
          this.naive.terminate(id),
        );
        break;
      case 'restart':
        expect(short(await this.#answer(system.restartChild('root', id)))).toBe(
          this.naive.restartChild(id),
        );
        break;
      case 'delete':
        expect(await this.#answer(system.deleteChild('root', id))).toBe(this.naive.delete(id));
        break;
      case 'add': {
        const rules = { id, restart: 'permanent' as const, significant: false };
        const result = await this.#answer(system.startChild('root', this.#worker(rules)));
        expect(short(result)).toBe(this.naive.add(rules));
        break;
      }
    }
  }

  compare(): void {
    expect(this.#probe.journal).toEqual(this.naive.log);
    expect(this.#probe.endReason).toBe(this.naive.isAlive ? undefined : 'shutdown');
    if (!this.naive.isAlive || this.naive.isStopped) return;
    const children = this.#probe.system.whichChildren('root');
    if (children === 'noproc') throw new Error('the root must answer');
    expect(
      children.map(({ id, child: state }) => [id, typeof state === 'number' ? 'up' : 'down']),
    ).toEqual(this.naive.list().reverse());
  }

  async #answer<T>(work: Promise<T>): Promise<T> {
    await this.#probe.during(work);
    return work;
  }

  #worker(rules: NaiveChild) {
    const { id, restart, significant } = rules;
    const onStart = () => {
      const left = this.#failures.get(id) ?? 0;
      if (left === 0) return;
      this.#failures.set(id, left - 1);
      throw new Error('told to fail');
    };
    return this.#probe.worker(id, { restart, significant }, { onStart });
  }
}

function short(result: { ok: true } | { ok: false; error: unknown }): unknown {
  if (result.ok) return 'ok';
  return typeof result.error === 'string' ? result.error : 'failed';
}
