/**
 * The only importer of xstate. Machine files take what they need from here; the cell takes its root actor.
 */
import {
  createActor,
  getNextTransitions,
  type Actor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate';
import type { Clock } from './clock.ts';

export { assign, emit, raise, setup } from 'xstate';
export type { AnyStateMachine, EmittedFrom, EventFromLogic, EventObject, InputFrom } from 'xstate';
export { behaviour } from './behaviour.ts';
export type { Lifecycle } from './behaviour.ts';

/** Microsteps of one transition; more is an endless loop and crashes the cell. */
const MICROSTEP_LIMIT = 1_000;

export interface MachineSnapshotView {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly value: unknown;
  readonly output: unknown;
  readonly error: unknown;
  readonly context: unknown;
  readonly tags: ReadonlySet<string>;
  hasTag(tag: string): boolean;
}

export interface RootActor {
  start(): void;
  send(event: { type: string }): void;
  stop(): void;
  getSnapshot(): MachineSnapshotView;
}

export interface RootActorOptions {
  input: unknown;
  /** Delayed transitions of the machine run through it. */
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  onEmitted(event: { type: string }): void;
  /** After each transition, also those that nobody sent (delays, invoked promises). */
  onTransition(): void;
}

/** A root actor without inspector and with an error observer, so that its errors stay with its cell. */
export function createRootActor(machine: AnyStateMachine, options: RootActorOptions): RootActor {
  limitMicrosteps(machine);
  const { clock } = options;
  const actor: Actor<AnyStateMachine> = createActor(machine, {
    input: options.input,
    clock: {
      setTimeout: (callback: () => void, delayMs: number) => clock.setTimeout(callback, delayMs),
      clearTimeout: (timer) => timer && clock.clearTimeout(timer),
    },
  });
  actor.subscribe({ next: options.onTransition, error: options.onTransition });
  actor.on('*', options.onEmitted);
  return actor as unknown as RootActor;
}

/** Names of the events that the machine would react to in this state, guards aside; without internal ones. */
export function nextEvents(snapshot: MachineSnapshotView): string[] {
  const transitions = getNextTransitions(snapshot as unknown as AnyMachineSnapshot);
  return [...new Set(transitions.map(({ eventType }) => eventType))].filter(
    (name) => name !== '' && !name.startsWith('xstate.'),
  );
}

/** The states and transitions of a machine, as XState describes them to its own tools; functions by name. */
export function machineDefinition(machine: AnyStateMachine): unknown {
  const names = (_key: string, value: unknown) =>
    typeof value === 'function' ? `<${value.name === '' ? 'function' : value.name}>` : value;
  return JSON.parse(JSON.stringify(machine.definition, names)) as unknown;
}

/** XState's own default is no limit. A limit that the machine's config names stays. */
function limitMicrosteps(machine: AnyStateMachine): void {
  const { config } = machine as { config: { options?: { maxIterations?: number } } };
  if (config.options?.maxIterations !== undefined) return;
  (machine as { options?: object }).options = { maxIterations: MICROSTEP_LIMIT };
}

/** A state value as one word: 'a', 'a.b', parallel regions joined with '+'. */
export function stateWord(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return 'unknown';
  return Object.entries(value)
    .map(([key, inner]) => {
      const word = stateWord(inner);
      return word === '' || word === 'unknown' ? key : `${key}.${word}`;
    })
    .join('+');
}
