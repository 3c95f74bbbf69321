import { emit, setup, behaviour, type Lifecycle } from '#codi/supervisor/statechart.js';
import {
  startSystem,
  type ActorSpec,
  type CellContext,
  type Report,
  type SupervisorSpec,
  type System,
} from '#codi/supervisor/index.js';
import { virtualEnvironment, type VirtualEnvironment } from '../../support/virtual-environment.ts';

export type ProbeEvent =
  | { type: 'become.ready' }
  | { type: 'explode' }
  | { type: 'finish' }
  | { type: 'note'; text: string }
  | { type: 'drained' }
  | { type: 'sys.shutdown' };

type ProbeEffect = { type: 'effect.note'; text: string } | { type: 'effect.drain' };

/** A machine for tests: ready at once unless `isSlow`, and obedient unless `onShutdown` says otherwise. */
export const probeMachine = setup({
  types: {} as {
    events: ProbeEvent;
    emitted: ProbeEffect;
    input: { isSlow: boolean; onShutdown: 'obey' | 'drain' | 'ignore' };
    context: { isSlow: boolean; onShutdown: 'obey' | 'drain' | 'ignore' };
  },
  actions: {
    explode: () => {
      throw new Error('machine exploded');
    },
  },
}).createMachine({
  context: ({ input }) => input,
  initial: 'deciding',
  on: {
    explode: { actions: 'explode' },
    finish: '.done',
    note: {
      actions: emit(({ event }) => ({ type: 'effect.note' as const, text: event.text })),
    },
    'sys.shutdown': [
      { guard: ({ context }) => context.onShutdown === 'obey', target: '.done' },
      { guard: ({ context }) => context.onShutdown === 'drain', target: '.draining' },
    ],
  },
  states: {
    deciding: {
      always: [{ guard: ({ context }) => context.isSlow, target: 'waiting' }, { target: 'idle' }],
    },
    waiting: { on: { 'become.ready': 'idle' } },
    idle: { tags: ['ready'] },
    draining: { entry: emit({ type: 'effect.drain' }), on: { drained: 'done' } },
    done: { type: 'final' },
  },
});

export interface ProbeOptions {
  isSlow?: boolean;
  onShutdown?: 'obey' | 'drain' | 'ignore';
  onStart?: (cell: CellContext<ProbeEvent>) => void;
  receive?: (message: ProbeEvent, lifecycle: Lifecycle<typeof probeMachine>) => void;
  onDrain?: (cell: CellContext<ProbeEvent>) => void;
  onNote?: (text: string, cell: CellContext<ProbeEvent>) => void | Promise<void>;
}

/** A tree under test with everything it did, in order. */
export class Probe {
  readonly environment: VirtualEnvironment = virtualEnvironment();
  /** 'start a', 'note a: text', 'end a' (the first cleanup), in the order they happened. */
  readonly journal: string[] = [];
  readonly reports: Report[] = [];
  readonly cells = new Map<string, CellContext<ProbeEvent>>();
  endReason: string | undefined;
  system!: System;

  worker(id: string, overrides: Partial<ActorSpec> = {}, options: ProbeOptions = {}): ActorSpec {
    return {
      type: 'worker',
      id,
      start: (cell: CellContext<ProbeEvent>) => {
        this.journal.push(`start ${id}`);
        this.cells.set(cell.path, cell);
        cell.scope.defer('journal', () => void this.journal.push(`end ${id}`));
        options.onStart?.(cell);
        const { isSlow = false, onShutdown = 'obey' } = options;
        return behaviour<ProbeEvent, typeof probeMachine>({
          machine: probeMachine,
          input: { isSlow, onShutdown },
          effects: {
            'effect.note': ({ text }) => {
              this.journal.push(`note ${id}: ${text}`);
              return options.onNote?.(text, cell);
            },
            'effect.drain': () => options.onDrain?.(cell),
          },
          ...(options.receive ? { receive: options.receive } : {}),
        });
      },
      ...overrides,
    };
  }

  /** Starts and settles; a start that needs time is left pending. */
  async start(spec: Partial<SupervisorSpec>): Promise<void> {
    const starting = startSystem(
      { type: 'supervisor', id: 'root', strategy: 'one_for_one', ...spec },
      {
        environment: this.environment,
        onReport: (report) => this.reports.push(report),
        onEnd: (reason) => {
          this.endReason = reason.kind;
        },
      },
    ).then((system) => {
      this.system = system;
    });
    await this.during(starting);
  }

  /** Lets virtual time stand while everything that can happen now happens; passes the promise's error on. */
  async during<T>(work: Promise<T>): Promise<void> {
    let failure: { error: unknown } | undefined;
    work.catch((error: unknown) => {
      failure = { error };
    });
    await this.settle();
    if (failure) throw failure.error;
  }

  async settle(): Promise<void> {
    await this.environment.clock.settle();
  }

  async advance(byMs: number): Promise<void> {
    await this.environment.clock.advance(byMs);
  }

  /** Forgets what was journalled so far. */
  clear(): void {
    this.journal.length = 0;
    this.reports.length = 0;
  }

  async crash(path: string): Promise<void> {
    this.cells.get(path)!.crash(new Error(`${path} crashed`));
    await this.settle();
  }

  send(path: string, event: ProbeEvent) {
    return this.system.ref<ProbeEvent>(path).send(event);
  }

  node(path: string) {
    const find = (node: ReturnType<System['tree']>): ReturnType<System['tree']> | undefined =>
      node.path === path ? node : node.children.map(find).find((found) => found !== undefined);
    return find(this.system.tree());
  }

  epoch(path: string): number | undefined {
    return this.node(path)?.epoch;
  }

  kinds(): string[] {
    return this.reports.map((report) => report.kind);
  }
}
