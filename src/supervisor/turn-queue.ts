import { FifoQueue } from './fifo-queue.ts';
import type { Runtime } from './runtime.ts';
import { TURN_MS, TURN_STEPS, type Runnable } from './scheduler.ts';
import { runOwned, type TurnOwner } from './turn-context.ts';

/** Steps that wait for a turn; more is an overflow. */
const WAITING_LIMIT = 65_536;

export type Step = { type: string } | (() => void);

/** What a turn does; all of it may throw, which ends the turn. */
export interface TurnWork {
  readonly owner: TurnOwner;
  /** Nothing runs any more. */
  isOver(): boolean;
  /** One event for the own machine, or one piece of the cell's own work. */
  take(step: Step, atMs: number): void;
  hasMessage(): boolean;
  takeMessage(atMs: number): void;
  /** What was taken last is done, or has thrown; monotonic times. */
  onTaken(atMs: number, endMs: number, hasFailed: boolean): void;
  /** A turn begins, at this monotonic time, and ends. */
  onTurn(atMs: number): void;
  onTurnEnd(): void;
  onError(error: unknown): void;
  onOverflow(): void;
}

/** The turns of one cell: its own steps first, then its mailbox, as long as a turn lasts. */
export class TurnQueue implements Runnable {
  readonly #work: TurnWork;
  readonly #runtime: Runtime;
  readonly #steps = new FifoQueue<Step>();
  #isScheduled = false;
  #isInTurn = false;
  #isSuspended = false;

  constructor(work: TurnWork, runtime: Runtime) {
    this.#work = work;
    this.#runtime = runtime;
  }

  /** True while one of its steps runs: what it raises now is fed at once. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  push(step: Step): void {
    if (this.#work.isOver()) return;
    if (this.#steps.length >= WAITING_LIMIT) {
      this.#work.onOverflow();
      return;
    }
    this.#steps.push(step);
    this.schedule();
  }

  schedule(): void {
    if (this.#isScheduled || this.#isInTurn || this.#isSuspended || this.#work.isOver()) return;
    this.#isScheduled = true;
    this.#runtime.scheduler.enqueue(this);
  }

  /** Takes nothing any more, but goes on to collect within its limit. */
  suspend(): void {
    this.#isSuspended = true;
  }

  resume(): void {
    this.#isSuspended = false;
    if (this.#hasWork()) this.schedule();
  }

  clear(): void {
    this.#steps.clear();
  }

  runTurn(): boolean {
    this.#isScheduled = false;
    if (this.#work.isOver()) return false;
    this.#isScheduled = runOwned(this.#work.owner, this.#turn);
    return this.#isScheduled;
  }

  readonly #turn = (): boolean => {
    const { clock } = this.#runtime.environment;
    let nowMs = clock.monotonicMs();
    const endMs = nowMs + TURN_MS;
    this.#isInTurn = true;
    this.#work.onTurn(nowMs);
    try {
      for (let taken = 0; taken < TURN_STEPS; taken += 1) {
        if (!this.#takeOne(nowMs)) break;
        const startMs = nowMs;
        nowMs = clock.monotonicMs();
        this.#work.onTaken(startMs, nowMs, false);
        if (nowMs >= endMs) break;
      }
    } catch (error) {
      this.#work.onTaken(nowMs, clock.monotonicMs(), true);
      this.#work.onError(error);
    } finally {
      this.#isInTurn = false;
      this.#work.onTurnEnd();
    }
    return this.#hasWork();
  };

  #takeOne(nowMs: number): boolean {
    if (this.#isSuspended || this.#work.isOver()) return false;
    const step = this.#steps.shift();
    if (step !== undefined) this.#work.take(step, nowMs);
    else if (this.#work.hasMessage()) this.#work.takeMessage(nowMs);
    else return false;
    return true;
  }

  #hasWork(): boolean {
    if (this.#isSuspended || this.#work.isOver()) return false;
    return this.#steps.length > 0 || this.#work.hasMessage();
  }
}
