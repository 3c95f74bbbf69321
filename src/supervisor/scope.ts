import type { Scope } from './cell-context.ts';
import type { Clock, Timer } from './clock.ts';
import type { Runtime } from './runtime.ts';
import { alignedDelay } from './tick-alignment.ts';
import { isOwnedBy, runOwned, type TurnOwner } from './turn-context.ts';

export const CLEANUP_LIMIT_MS = 2_000;

interface Cleanup {
  name: string;
  kind: string;
  atMs: number;
  run: () => void | Promise<void>;
}

/** The cell that a scope belongs to. */
export interface ScopeOwner extends TurnOwner {
  /** A callback of it begins, inside of whatever runs already, and is over. */
  enter(): () => void;
}

/** One thing an incarnation holds. */
export interface Resource {
  name: string;
  /** 'cleanup' or what defer() was told, 'timer', 'thread', 'process'. */
  kind: string;
  ageMs: number;
  /** path#epoch */
  owner: string;
}

/** A timer of an incarnation. */
export interface PendingTimer {
  delayMs: number;
  dueInMs: number;
}

/** The scope of one incarnation. `close` fences at once; `dispose` then gives everything back. */
export class CellScope implements Scope {
  readonly #owner: ScopeOwner;
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #cleanups: Cleanup[] = [];
  readonly #timers = new Map<Timer, { atMs: number; delayMs: number }>();
  #abort: AbortController | undefined;
  #isClosed = false;
  #isDisposed = false;

  constructor(owner: ScopeOwner, runtime: Runtime) {
    this.#owner = owner;
    this.#runtime = runtime;
    this.#clock = runtime.environment.clock;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isClosed) this.#abort.abort();
    return this.#abort.signal;
  }

  /** What it holds, oldest first; timers last. */
  resources(limit: number): Resource[] {
    const nowMs = this.#clock.monotonicMs();
    const owner = `${this.#owner.path}#${this.#owner.epoch}`;
    const held: Resource[] = [];
    for (const { name, kind, atMs } of this.#cleanups) {
      if (held.length >= limit) return held;
      held.push({ name, kind, ageMs: nowMs - atMs, owner });
    }
    for (const { atMs, delayMs } of this.#timers.values()) {
      if (held.length >= limit) return held;
      held.push({ name: `${delayMs} ms`, kind: 'timer', ageMs: nowMs - atMs, owner });
    }
    return held;
  }

  /** Soonest first. */
  timers(limit: number): PendingTimer[] {
    const nowMs = this.#clock.monotonicMs();
    const due = ({ atMs, delayMs }: { atMs: number; delayMs: number }) => ({
      delayMs,
      dueInMs: Math.max(0, atMs + delayMs - nowMs),
    });
    const pending = Array.from(this.#timers.values(), due);
    return pending.sort((one, two) => one.dueInMs - two.dueInMs).slice(0, limit);
  }

  defer(name: string, cleanup: () => void | Promise<void>, kind = 'cleanup'): void {
    this.#cleanups.push({ name, kind, atMs: this.#clock.monotonicMs(), run: cleanup });
    if (this.#isDisposed) void this.#drain();
  }

  wrap<A extends unknown[], R>(callback: (...args: A) => R): (...args: A) => R | undefined {
    return (...args) => {
      if (this.#isClosed) {
        this.#runtime.counters.fenced += 1;
        return undefined;
      }
      const leave = this.#owner.enter();
      try {
        const result = isOwnedBy(this.#owner)
          ? callback(...args)
          : runOwned(this.#owner, () => callback(...args));
        if (result instanceof Promise) result.catch((error: unknown) => this.#fail(error));
        return result;
      } catch (error) {
        this.#fail(error);
        return undefined;
      } finally {
        leave();
      }
    };
  }

  after(delayMs: number, callback: () => void): () => void {
    if (this.#isClosed) return () => undefined;
    const run = this.wrap(callback);
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.set(timer, { atMs: this.#clock.monotonicMs(), delayMs });
    return () => this.#cancel(timer);
  }

  every(intervalMs: number, callback: () => void): () => void {
    let cancel: () => void;
    const arm = () => {
      cancel = this.after(alignedDelay(this.#clock.monotonicMs(), intervalMs), () => {
        arm();
        callback();
      });
    };
    arm();
    return () => cancel();
  }

  /** From now on nothing of the incarnation runs any more but its cleanups. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers.keys()) this.#clock.clearTimeout(timer);
    this.#timers.clear();
  }

  /** Runs the cleanups; resolves when all are done or given up. Never rejects. */
  async dispose(): Promise<void> {
    this.close();
    this.#abort?.abort();
    await this.#drain();
    this.#isDisposed = true;
    // What a cleanup's last steps deferred.
    if (this.#cleanups.length > 0) await this.#drain();
  }

  async #drain(): Promise<void> {
    for (let cleanup = this.#cleanups.pop(); cleanup; cleanup = this.#cleanups.pop()) {
      try {
        const result = cleanup.run();
        if (result instanceof Promise) await this.#await(cleanup.name, result);
      } catch (error) {
        this.#cleanupFailed(cleanup.name, error);
      }
    }
  }

  #await(name: string, work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => {
        const reason = `cleanup '${name}' not done after ${CLEANUP_LIMIT_MS} ms`;
        this.#runtime.report({ kind: 'unstopped', path: this.#owner.path, reason });
        resolve();
      }, CLEANUP_LIMIT_MS);
      const settle = () => {
        this.#clock.clearTimeout(timer);
        resolve();
      };
      work.then(settle, (error: unknown) => {
        this.#cleanupFailed(name, error);
        settle();
      });
    });
  }

  #cleanupFailed(cleanup: string, error: unknown): void {
    this.#runtime.report({ kind: 'cleanupFailed', path: this.#owner.path, cleanup, error });
  }

  #cancel(timer: Timer): void {
    if (this.#timers.delete(timer)) this.#clock.clearTimeout(timer);
  }

  #fail(error: unknown): void {
    // It ended the cell while it ran: nothing is left to crash.
    if (this.#isClosed) this.#runtime.counters.fenced += 1;
    else this.#owner.crash(error);
  }
}
