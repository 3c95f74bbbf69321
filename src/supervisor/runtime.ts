import type { ActorLog } from './actor-log.ts';
import type { Redact } from './crash-report.ts';
import { CrashStore } from './crash-store.ts';
import { DeadLetterStore, type DeadLetterCause } from './dead-letters.ts';
import type { Environment } from './environment.ts';
import { InFlightMarker } from './in-flight.ts';
import type { Registry } from './registry.ts';
import { ReportStore } from './report-store.ts';
import type { Report, ReportBody } from './report.ts';
import type { Scheduler } from './scheduler.ts';
import type { Slot } from './slot.ts';
import { Tracer } from './trace.ts';
import { TreeLog } from './tree-log.ts';

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

/** A step of an inline actor that takes longer is reported. */
export const UNRESPONSIVE_MS = 500;
/** Abandoned things that are listed. */
export const UNSTOPPED_LIMIT = 200;

export interface RuntimeOptions {
  onReport?: ((report: Report) => void) | undefined;
  redact?: Redact | undefined;
  unresponsiveMs?: number | undefined;
}

export interface Unstopped {
  /** Wall time, Unix milliseconds. */
  at: number;
  path: string;
  reason: string;
}

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
  readonly letters: DeadLetterStore;
  readonly crashes = new CrashStore();
  readonly reports = new ReportStore();
  readonly unstopped: Unstopped[] = [];
  readonly treeLog: TreeLog;
  readonly tracer: Tracer;
  readonly marker: InFlightMarker;
  readonly redact: Redact | undefined;
  readonly unresponsiveMs: number;
  /** Questions that wait for an answer. */
  asks = 0;
  /** Log of the actor whose turn or callback runs now: what is sent now is its. */
  current: ActorLog | undefined;
  readonly #onReport: ((report: Report) => void) | undefined;
  readonly #treeListeners = new Set<() => void>();
  readonly #losses = new Map<string, { path: string; policy: string | undefined; count: number }>();
  #isFlushDue = false;
  #isTreeDirty = false;

  constructor(
    environment: Environment,
    scheduler: Scheduler,
    registry: Registry,
    options: RuntimeOptions,
  ) {
    this.environment = environment;
    this.scheduler = scheduler;
    this.registry = registry;
    this.letters = new DeadLetterStore(environment.clock);
    this.treeLog = new TreeLog(environment.clock);
    this.tracer = new Tracer(environment.clock, () =>
      [...this.slots.values()].flatMap((slot) => slot.traced ?? []),
    );
    this.#onReport = options.onReport;
    this.redact = options.redact;
    this.unresponsiveMs = options.unresponsiveMs ?? UNRESPONSIVE_MS;
    this.marker = new InFlightMarker(this.unresponsiveMs);
  }

  /** By registered name, or by path: supervisors have no name. */
  find(name: string): Slot | undefined {
    return this.registry.find(name)?.slot ?? this.slots.get(name);
  }

  report(body: ReportBody): void {
    this.treeChanged();
    const report: Report = { at: this.environment.clock.nowMs(), ...body };
    this.reports.add(report, this.slots.get(report.path));
    if (report.kind === 'unstopped') {
      this.unstopped.push({ at: report.at, path: report.path, reason: report.reason });
      if (this.unstopped.length > UNSTOPPED_LIMIT) this.unstopped.shift();
    }
    const onReport = this.#onReport;
    if (onReport) this.#guard(() => onReport(report));
  }

  /** A message nobody will read. */
  deadLetter(to: string, cause: DeadLetterCause, message: unknown, bytes: number): void {
    this.letters.add(to, cause, message, bytes);
    this.counters.deadLetters += 1;
    this.#lose(to, undefined, 1);
  }

  /** A message lost to an overflow policy. */
  mailboxDropped(path: string, policy: string, message: unknown, bytes: number): void {
    this.letters.add(path, 'overflow', message, bytes);
    this.counters.dropped += 1;
    this.#lose(path, policy, 1);
  }

  onTreeChange(listener: () => void): () => void {
    this.#treeListeners.add(listener);
    return () => this.#treeListeners.delete(listener);
  }

  treeChanged(slot?: Slot): void {
    if (slot) this.treeLog.changed(slot);
    if (this.#isTreeDirty) return;
    if (this.#treeListeners.size === 0 && !this.treeLog.isActive) return;
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
    this.treeLog.flush();
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
