import { actorView, type ActorView } from './actor-view.ts';
import type { CrashRecord } from './crash-store.ts';
import type { DeadLetter, DeadLetterCounts } from './dead-letters.ts';
import { explain, type Explanation } from './explain.ts';
import type { MessageHeader } from './flight-recorder.ts';
import {
  machineView,
  resourcesOf,
  RESOURCES_LIMIT,
  statsOf,
  type ActorStats,
  type MachineViewResult,
} from './inspection.ts';
import type { ReportRecord } from './report-store.ts';
import type { Runtime, RuntimeCounters, Unstopped } from './runtime.ts';
import { countResources, type ResourceCount } from './resource-counts.ts';
import type { Resource } from './scope.ts';
import { statistics, type StatisticsResult } from './statistics.ts';
import type { TraceEnd, TraceEvent, TraceOptions, TraceResult } from './trace.ts';
import type { TreeDeltas } from './tree-log.ts';
import type { TreeNode } from './tree-node.ts';
import { WorkerSlot } from './worker-slot.ts';

const ROOT_PATH = 'root';
/** Items of one answer, unless fewer are asked for. */
export const ANSWER_LIMIT = 10_000;
const DEFAULT_ITEMS = 100;

/** The reading half of a system: everything as plain, bounded data. Nothing here changes the tree. */
export class SystemWindow {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  tree(): TreeNode {
    return this.#runtime.slots.get(ROOT_PATH)!.toTreeNode();
  }

  /** Called once per macro-task after something that tree() shows by its state changed. Returns its end. */
  onTreeChange(listener: () => void): () => void {
    return this.#runtime.onTreeChange(listener);
  }

  /** The tree and the number of the last change in it: treeDeltas() goes on from there. */
  treeSnapshot(): { seq: number; root: TreeNode } {
    return { seq: this.#runtime.treeLog.mark(), root: this.tree() };
  }

  /** Makes changes of all that actors say of themselves by now: between two states nobody reports it. */
  recheckTree(): void {
    this.#runtime.treeLog.compare(this.#runtime.slots.values());
  }

  /** Changes after a number, in order; too_old when they are no longer known. */
  treeDeltas(seq: number, limit = ANSWER_LIMIT): TreeDeltas {
    return this.#runtime.treeLog.since(seq, Math.min(limit, ANSWER_LIMIT));
  }

  counters(): Readonly<RuntimeCounters> {
    return { ...this.#runtime.counters };
  }

  /** Numbers of one worker; undefined when there is none of that path. */
  stats(path: string): ActorStats | undefined {
    const slot = this.#worker(path);
    return slot && statsOf(slot);
  }

  /** Switches the counting of one worker on or off, or reads it: OTP's sys:statistics. */
  statistics(path: string, verb: 'on' | 'get' | 'off'): StatisticsResult {
    return statistics(this.#worker(path), verb);
  }

  allStats(limit = ANSWER_LIMIT): ActorStats[] {
    return this.#workers(limit).map((slot) => statsOf(slot));
  }

  /** The last 32 message headers of a worker, over its incarnations, oldest first. */
  recent(path: string): MessageHeader[] | 'noproc' {
    const slot = this.#worker(path);
    if (!slot) return 'noproc';
    return slot.log.hasRecords ? slot.log.recorder.read(this.#runtime.environment.clock) : [];
  }

  /** Numbers, links, last messages and resources of one worker. */
  inspect(path: string): ActorView | 'noproc' {
    const slot = this.#worker(path);
    return slot ? actorView(slot) : 'noproc';
  }

  /** Definition, present state and next possible events of an actor's machine. */
  inspectMachine(path: string, withDefinition = true): MachineViewResult {
    return machineView(this.#runtime.slots.get(path), withDefinition);
  }

  explainWhy(path: string): Explanation | 'noproc' {
    const slot = this.#runtime.slots.get(path);
    return slot ? explain(slot) : 'noproc';
  }

  /** What incarnations hold: cleanups, timers, threads, processes. */
  resources(path?: string, limit = RESOURCES_LIMIT): Resource[] {
    const held: Resource[] = [];
    const { slots } = this.#runtime;
    const one = path === undefined ? undefined : slots.get(path);
    const wanted = path === undefined ? slots.values() : one ? [one] : [];
    for (const slot of wanted) {
      if (held.length >= limit) break;
      held.push(...resourcesOf(slot, Math.min(limit, RESOURCES_LIMIT) - held.length));
    }
    return held;
  }

  /** The same, counted by actor and kind; diffResources() compares two of them. */
  resourceCounts(limit = RESOURCES_LIMIT): ResourceCount[] {
    return countResources(this.resources(undefined, limit));
  }

  /** One record per fingerprint, latest first. */
  crashes(limit = DEFAULT_ITEMS, path?: string): CrashRecord[] {
    return this.#runtime.crashes.list(limit, path);
  }

  /** Latest reports, latest first; with what OTP's supervisor reports say. */
  recentReports(limit = DEFAULT_ITEMS, path?: string): ReportRecord[] {
    return this.#runtime.reports.list(limit, path);
  }

  deadLetters(limit = DEFAULT_ITEMS, to?: string): DeadLetter[] {
    return this.#runtime.letters.list(limit, to);
  }

  deadLetterCounts(): DeadLetterCounts {
    return this.#runtime.letters.counts();
  }

  /** What could not be stopped and was abandoned, oldest first. */
  unstopped(): Unstopped[] {
    return this.#runtime.unstopped.map((entry) => ({ ...entry }));
  }

  /**
   * Follows messages of actors whose path matches, until the limit, the time or stop(); at most so many a second.
   * onEnd also says how many messages that rate skipped.
   */
  trace(
    options: TraceOptions,
    listener: (event: TraceEvent) => void,
    onEnd?: (why: TraceEnd, events: number, skipped: number) => void,
  ): TraceResult {
    return this.#runtime.tracer.start(options, listener, onEnd);
  }

  /** Shared memory for readInFlight(), in any thread. */
  inFlightBuffer(): SharedArrayBuffer {
    return this.#runtime.marker.buffer;
  }

  #worker(path: string): WorkerSlot | undefined {
    const slot = this.#runtime.slots.get(path);
    return slot instanceof WorkerSlot ? slot : undefined;
  }

  #workers(limit: number): WorkerSlot[] {
    const workers: WorkerSlot[] = [];
    for (const slot of this.#runtime.slots.values()) {
      if (workers.length >= limit) break;
      if (slot instanceof WorkerSlot) workers.push(slot);
    }
    return workers;
  }
}
