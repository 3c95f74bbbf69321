import type { Environment } from './environment.ts';
import type { Registry } from './registry.ts';
import type { Report, ReportBody } from './report.ts';
import type { Scheduler } from './scheduler.ts';
import type { Slot } from './slot.ts';

/** Totals since the start of the system. */
export interface RuntimeCounters {
  /** Mailbox messages handled. */
  messages: number;
  crashes: number;
  /** Callbacks of ended incarnations that were not run. */
  fenced: number;
  /** Messages nobody will ever read. */
  deadLetters: number;
  /** Messages lost to overflow policies. */
  dropped: number;
  /** Listeners of this system that threw. */
  listenerErrors: number;
}

/** Names whose lost messages are told apart between two flushes. */
const PENDING_LOSSES_LIMIT = 1_000;

/** What all parts of one system share. */
export class Runtime {
  readonly environment: Environment;
  readonly scheduler: Scheduler;
  readonly registry: Registry;
  /** All nodes of the tree by path. Paths are whole strings: an id may hold any character. */
  readonly slots = new Map<string, Slot>();
  readonly counters: RuntimeCounters = {
    messages: 0,
    crashes: 0,
    fenced: 0,
    deadLetters: 0,
    dropped: 0,
    listenerErrors: 0,
  };
  readonly #onReport: ((report: Report) => void) | undefined;
  readonly #treeListeners = new Set<() => void>();
  readonly #losses = new Map<string, { path: string; policy: string | undefined; count: number }>();
  #isFlushDue = false;
  #isTreeDirty = false;

  constructor(
    environment: Environment,
    scheduler: Scheduler,
    registry: Registry,
    onReport: ((report: Report) => void) | undefined,
  ) {
    this.environment = environment;
    this.scheduler = scheduler;
    this.registry = registry;
    this.#onReport = onReport;
  }

  report(body: ReportBody): void {
    this.treeChanged();
    if (!this.#onReport) return;
    const onReport = this.#onReport;
    this.#guard(() => onReport({ at: this.environment.clock.nowMs(), ...body }));
  }

  deadLetters(path: string, count: number): void {
    if (count === 0) return;
    this.counters.deadLetters += count;
    this.#lose(path, undefined, count);
  }

  mailboxDropped(path: string, policy: string, count: number): void {
    this.counters.dropped += count;
    this.#lose(path, policy, count);
  }

  onTreeChange(listener: () => void): () => void {
    this.#treeListeners.add(listener);
    return () => this.#treeListeners.delete(listener);
  }

  treeChanged(): void {
    if (this.#isTreeDirty || this.#treeListeners.size === 0) return;
    this.#isTreeDirty = true;
    this.#requestFlush();
  }

  #lose(path: string, policy: string | undefined, count: number): void {
    if (!this.#onReport) return;
    const isFull = this.#losses.size >= PENDING_LOSSES_LIMIT;
    const key = `${policy ?? ''} ${path}`;
    const known = this.#losses.get(key) ?? (isFull ? this.#losses.get('') : undefined);
    if (known) known.count += count;
    else if (isFull) this.#losses.set('', { path: '(others)', policy: undefined, count });
    else this.#losses.set(key, { path, policy, count });
    this.#requestFlush();
  }

  #requestFlush(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.environment.clock.setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    const losses = [...this.#losses.values()];
    this.#losses.clear();
    for (const { path, policy, count } of losses) {
      if (policy === undefined) this.report({ kind: 'deadLetter', path, count });
      else this.report({ kind: 'mailboxDropped', path, policy, count });
    }
    if (!this.#isTreeDirty) return;
    this.#isTreeDirty = false;
    for (const listener of [...this.#treeListeners]) this.#guard(listener);
  }

  /** A listener's failure is its own: supervision goes on. */
  #guard(listener: () => void): void {
    try {
      listener();
    } catch {
      this.counters.listenerErrors += 1;
    }
  }
}
