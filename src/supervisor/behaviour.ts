import type {
  AnyStateMachine,
  EmittedFrom,
  EventFromLogic,
  EventObject,
  InputFrom,
} from './statechart.ts';

/** What a handler or receive() may do to the machine of its own cell, now, inside the turn. */
export interface Lifecycle<Machine extends AnyStateMachine = AnyStateMachine> {
  /** Feeds the machine at once; the effects it emits run after those already waiting. */
  send(event: EventFromLogic<Machine>): void;
  /** The machine's state as one word: 'a', 'a.b', or 'a+b' for parallel regions. */
  state(): string;
  hasTag(tag: string): boolean;
}

type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * One handler per event that the machine emits: exhaustive by type. A handler that throws, or whose promise
 * rejects, crashes the cell.
 */
export type EffectHandlers<Machine extends AnyStateMachine> =
  IsAny<EmittedFrom<Machine>> extends true
    ? // A machine of unknown type may emit anything.
      // oxlint-disable-next-line typescript/no-explicit-any
      Record<string, EffectHandler<any, any>>
    : {
        [Type in EmittedFrom<Machine>['type']]: EffectHandler<
          Extract<EmittedFrom<Machine>, { type: Type }>,
          Machine
        >;
      };

/** A method type, so that a behaviour of a known machine is also one of any machine. */
type EffectHandler<Effect extends EventObject, Machine extends AnyStateMachine> = {
  handle(effect: Effect, lifecycle: Lifecycle<Machine>): void | Promise<void>;
}['handle'];

/** What an actor is, inside its cell: a pure machine that decides, effects that do. */
export interface Behaviour<Message, Machine extends AnyStateMachine = AnyStateMachine> {
  machine: Machine;
  input?: InputFrom<Machine>;
  /** Run after the transition that emitted them, in order, in the same turn. */
  effects: EffectHandlers<Machine>;
  /** Takes mailbox messages. Default: each message is an event of the machine. */
  receive?(message: Message, lifecycle: Lifecycle<Machine>): void;
  /** What the tree shows, e.g. {state:'watching', note:'1,204 files'}. Default: the machine's state. */
  status?(): { state?: string; note?: string };
}

/**
 * How a machine may say, in its output, what its final state means. Without it: before readiness the start
 * failed; after sys.shutdown `shutdown`; otherwise `normal`.
 */
export type FinalOutput =
  /** Nothing to do here: counts as a successful start without an actor (OTP's `ignore`). */
  | { exit: 'ignore' }
  /** Done, also when it was never ready. */
  | { exit: 'normal' }
  /** Done, with a word on why (OTP's {shutdown, Term}); also when it was never ready. */
  | { exit: 'shutdown'; cause: unknown }
  /** Failed: a crash, or before readiness a failed start. */
  | { exit: 'failed'; error: unknown };

/** Infers the machine, checks its effect handlers, and forgets the machine's type again. */
export function behaviour<Message, Machine extends AnyStateMachine>(
  definition: Behaviour<Message, Machine>,
): Behaviour<Message> {
  return definition as unknown as Behaviour<Message>;
}
