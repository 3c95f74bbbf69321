import type { AskResult, Question } from './ask.ts';
import type { Clock } from './clock.ts';
import type { Host } from './environment.ts';
import type { Down } from './relations.ts';

export type SendResult = 'queued' | 'dropped' | 'noproc';

/** Address of an actor by name. Resolved at each send, so it survives restarts of the target. */
export interface ActorRef<Message> {
  readonly name: string;
  /** Never blocks, never throws. `bytes` is what the message counts against the mailbox's byte limit. */
  send(message: Message, bytes?: number): SendResult;
  /** For mailboxes that block: calls once, as soon as there is space again (at once when there is). */
  whenSpace?(listener: () => void): void;
}

/** Everything an incarnation holds; given back on every way it can end. */
export interface Scope {
  /**
   * Last in, first out, awaited, each within a time limit (2 s). After the end it runs at once. `kind` is for
   * lists of what is held.
   */
  defer(name: string, cleanup: () => void | Promise<void>, kind?: string): void;
  /**
   * Wraps a callback handed out to anybody. What it throws crashes the owning cell instead of its caller;
   * after the cell's end it is not run, only counted.
   */
  wrap<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R | undefined;
  /** A timer that ends with the scope. Returns its cancel function. */
  after(delayMs: number, callback: () => void): () => void;
  /** On whole multiples of the interval: ticks of different actors come together. */
  every(intervalMs: number, callback: () => void): () => void;
  /** Aborted at the end of the cell. */
  readonly signal: AbortSignal;
}

export interface Monitor {
  /** A DOWN that waits for its turn still comes, unless it is flushed. */
  demonitor(options?: { flush?: boolean }): void;
}

/** What start() is given: the actor's view of its own cell. */
export interface CellContext<Message = unknown> {
  readonly path: string;
  /** Counts incarnations, from 1. */
  readonly epoch: number;
  readonly clock: Clock;
  random(): number;
  readonly scope: Scope;
  /** Sends to the own mailbox: asynchronous, bounded. */
  readonly self: ActorRef<Message>;
  /** Feeds the own machine: at once inside a turn, otherwise as a turn of its own. After the end it is counted only. */
  raise(event: { type: string; [field: string]: unknown }): void;
  /**
   * The thread or process that the spec's isolation asks for. It has sent `sys.ready` before start() is
   * called; that message is the first one its listener gets. Listeners are wrapped.
   */
  readonly host: Host | undefined;
  lookup<M>(name: string): ActorRef<M>;
  /**
   * OTP's monitor: tells once, in a turn, that the present incarnation behind a name or path has ended, and why;
   * `noproc` when there is none. Many per pair. Ends with this incarnation.
   */
  monitor(name: string, onDown: (down: Down) => void): Monitor;
  /** OTP's link: either end takes the other with it, with the same reason, unless that is `normal`. */
  link(name: string): void;
  unlink(name: string): void;
  /** Linked actors that end are told to the listener, in a turn, instead of ending this one. */
  trapExits(onExit: (down: Down) => void): void;
  /**
   * Sends a message that holds a reply function and waits for its call. Fails fast when nobody is there. Never
   * settles after the end of the cell.
   */
  ask<M, Reply>(
    name: string,
    question: Question<M, Reply>,
    timeoutMs: number,
  ): Promise<AskResult<Reply>>;
  /** Ends the cell as crashed. */
  crash(error: unknown): void;
}
