import * as admin from './admin.ts';
import { ask, type AskResult, type Question } from './ask.ts';
import type { ActorRef } from './cell-context.ts';
import type { ChildSpec, SupervisorSpec } from './child-spec.ts';
import { checkChildSpecs, checkSpec } from './check-spec.ts';
import type { Redact } from './crash-report.ts';
import type { ReplayResult } from './dead-letters.ts';
import { deferred } from './deferred.ts';
import type { Environment } from './environment.ts';
import { StartError, type ExitReason, type OperatorWord } from './exit-reason.ts';
import { changeSpec, type ChangeSpecResult } from './live-change.ts';
import * as operator from './operator.ts';
import type { KillResult, ResumeResult, SuspendResult } from './operator.ts';
import { Registry } from './registry.ts';
import type { Report } from './report.ts';
import { Runtime } from './runtime.ts';
import { Scheduler } from './scheduler.ts';
import { SupervisorNode } from './supervisor-node.ts';
import { SystemWindow } from './system-window.ts';
import { WorkerSlot } from './worker-slot.ts';

/** Dead letters that one replay sends. */
export const REPLAY_LIMIT = 100;
const ROOT_PATH = 'root';

export interface StopReport {
  /** What did not end when asked to, and how it was left. */
  unstopped: { path: string; reason: string }[];
  durationMs: number;
}

export interface SystemOptions {
  environment: Environment;
  /** Given the system before its first child starts: for actors that start others while they start. */
  onCreated?(system: System): void;
  onReport?(report: Report): void;
  /** What of the context of machines crash reports and views may show; without it only its shape. */
  redact?: Redact;
  /** A step of an actor that takes longer is reported; default 500 ms. */
  unresponsiveMs?: number;
  /** The root ended by itself: nothing runs any more. */
  onEnd?(reason: ExitReason): void;
}

export interface System extends Pick<SystemWindow, keyof SystemWindow> {
  ref<M>(name: string): ActorRef<M>;
  /** Sends a message that holds a reply function and waits for its call; fails fast when nobody is there. */
  ask<M, Reply>(
    name: string,
    question: Question<M, Reply>,
    timeoutMs: number,
  ): Promise<AskResult<Reply>>;
  /**
   * Ends an incarnation, outside of all budgets unless it is to count; permanent and transient children come
   * back at once.
   */
  kill(path: string, word?: 'operator' | OperatorWord): KillResult;
  /** Lets it end as its spec says, and brings it back; also what is parked, waits or was stopped. */
  restartActor(path: string, word?: OperatorWord): Promise<KillResult>;
  /** Lets it end as its spec says; it stays down. Temporary and dynamic children are forgotten. */
  stopActor(path: string, word?: OperatorWord): Promise<KillResult>;
  /** Holds a worker still for a limited time (default a minute); its mailbox fills meanwhile. */
  suspend(path: string, ttlMs?: number): SuspendResult;
  resume(path: string): ResumeResult;
  /** Sends dead letters again, at most `limit`, each at most three times. */
  replayDeadLetters(ids: readonly number[], limit?: number): ReplayResult;
  /** OTP's code_change: new flags and child specs; nothing is started or stopped by it. */
  changeSpec(supervisorPath: string, spec: SupervisorSpec): ChangeSpecResult;
  /** OTP's check_childspecs. */
  checkChildSpecs: typeof checkChildSpecs;
  startChild(supervisorPath: string, spec: ChildSpec): Promise<admin.StartChildResult>;
  terminateChild(supervisorPath: string, id: string): Promise<'ok' | 'not_found'>;
  restartChild(supervisorPath: string, id: string): Promise<admin.RestartChildResult>;
  deleteChild(supervisorPath: string, id: string): Promise<admin.DeleteChildResult>;
  whichChildren(supervisorPath: string): admin.ChildInfo[] | 'noproc';
  whichChild(supervisorPath: string, id: string): admin.ChildInfo | 'not_found' | 'noproc';
  countChildren(supervisorPath: string): admin.ChildCounts | 'noproc';
  getChildSpec(supervisorPath: string, id: string): ChildSpec | 'not_found' | 'noproc';
  /** Stops everything in reverse order and waits for it. Never rejects; a second call joins the first. */
  stop(): Promise<StopReport>;
  /** Resolves when the root ended by itself (meltdown, auto-shutdown); not by stop(). */
  readonly settled: Promise<ExitReason>;
}

/**
 * Builds and starts a tree, top to bottom.
 * @throws StartError that names the child that did not start; what had started is stopped again.
 */
export async function startSystem(root: SupervisorSpec, options: SystemOptions): Promise<System> {
  const system = new RunningSystem(root, options);
  options.onCreated?.(system);
  await system.start();
  return system;
}

class RunningSystem extends SystemWindow implements System {
  readonly settled: Promise<ExitReason>;
  readonly checkChildSpecs = checkChildSpecs;
  readonly #runtime: Runtime;
  readonly #root: SupervisorNode;
  readonly #unstopped: StopReport['unstopped'] = [];
  #stopping: Promise<StopReport> | undefined;

  constructor(spec: SupervisorSpec, options: SystemOptions) {
    const { environment, onReport, onEnd, redact, unresponsiveMs } = options;
    const registry = new Registry((name, message, bytes) =>
      runtime.deadLetter(name, 'unknown', message, bytes),
    );
    const runtime: Runtime = new Runtime(environment, new Scheduler(environment.clock), registry, {
      onReport: (report) => {
        if (this.#stopping && report.kind === 'unstopped') {
          this.#unstopped.push({ path: report.path, reason: report.reason });
        }
        onReport?.(report);
      },
      redact,
      unresponsiveMs,
    });
    super(runtime);
    this.#runtime = runtime;
    const { promise, resolve } = deferred<ExitReason>();
    this.settled = promise;
    const parent = {
      childExited: (_root: unknown, reason: ExitReason) => {
        this.#root.retire();
        resolve(reason);
        onEnd?.(reason);
      },
    };
    try {
      checkSpec(spec);
      this.#root = new SupervisorNode(spec, ROOT_PATH, parent, this.#runtime);
    } catch (error) {
      throw new StartError(ROOT_PATH, { kind: 'startFailed', error });
    }
    this.#runtime.slots.set(ROOT_PATH, this.#root);
  }

  async start(): Promise<void> {
    const outcome = await this.#root.start();
    if (outcome.kind !== 'failed') return;
    this.#root.retire();
    const { reason } = outcome;
    const isNamed = reason.kind === 'startFailed' && reason.error instanceof StartError;
    throw isNamed ? reason.error : new StartError(ROOT_PATH, reason);
  }

  ref<M>(name: string): ActorRef<M> {
    return this.#runtime.registry.ref(name);
  }

  ask<M, Reply>(name: string, question: Question<M, Reply>, timeoutMs: number) {
    return ask(this.#runtime, name, question, timeoutMs);
  }

  kill(path: string, word: 'operator' | OperatorWord = {}): KillResult {
    return operator.kill(this.#runtime, path, word === 'operator' ? {} : word);
  }

  restartActor(path: string, word: OperatorWord = {}): Promise<KillResult> {
    return operator.restart(this.#runtime, path, word);
  }

  stopActor(path: string, word: OperatorWord = {}): Promise<KillResult> {
    return operator.stop(this.#runtime, path, word);
  }

  suspend(path: string, ttlMs?: number): SuspendResult {
    return operator.suspend(this.#runtime, path, ttlMs);
  }

  resume(path: string): ResumeResult {
    return operator.resume(this.#runtime, path);
  }

  replayDeadLetters(ids: readonly number[], limit = REPLAY_LIMIT): ReplayResult {
    const { letters, registry } = this.#runtime;
    return letters.replay(ids.slice(0, Math.min(limit, REPLAY_LIMIT)), (to, message, bytes) =>
      (registry.find(to)?.slot ? registry.ref(to) : this.#refByPath(to)).send(message, bytes),
    );
  }

  changeSpec(supervisorPath: string, spec: SupervisorSpec): ChangeSpecResult {
    const node = this.#supervisor(supervisorPath);
    return node ? changeSpec(node, spec) : { ok: false, error: 'noproc' };
  }

  async startChild(supervisorPath: string, spec: ChildSpec): Promise<admin.StartChildResult> {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.startChild(node, spec) : { ok: false, error: 'noproc' };
  }

  async terminateChild(supervisorPath: string, id: string): Promise<'ok' | 'not_found'> {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.terminateChild(node, id) : 'not_found';
  }

  async restartChild(supervisorPath: string, id: string): Promise<admin.RestartChildResult> {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.restartChild(node, id) : { ok: false, error: 'noproc' };
  }

  async deleteChild(supervisorPath: string, id: string): Promise<admin.DeleteChildResult> {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.deleteChild(node, id) : 'noproc';
  }

  whichChildren(supervisorPath: string): admin.ChildInfo[] | 'noproc' {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.whichChildren(node) : 'noproc';
  }

  whichChild(supervisorPath: string, id: string): admin.ChildInfo | 'not_found' | 'noproc' {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.whichChild(node, id) : 'noproc';
  }

  countChildren(supervisorPath: string): admin.ChildCounts | 'noproc' {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.countChildren(node) : 'noproc';
  }

  getChildSpec(supervisorPath: string, id: string): ChildSpec | 'not_found' | 'noproc' {
    const node = this.#supervisor(supervisorPath);
    if (!node) return 'noproc';
    const slot = node.children.get(id);
    return (
      (slot instanceof SupervisorNode ? slot.nextSpec : undefined) ?? slot?.spec ?? 'not_found'
    );
  }

  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<StopReport> {
    const { clock } = this.#runtime.environment;
    const startMs = clock.monotonicMs();
    // Lets stop() remember that it stops before the first child is asked to end.
    await Promise.resolve();
    await this.#root.stop();
    this.#root.retire();
    return { unstopped: this.#unstopped, durationMs: clock.monotonicMs() - startMs };
  }

  /** Dead letters of an actor with a name of its own are kept under its path. */
  #refByPath(path: string): ActorRef<unknown> {
    const slot = this.#runtime.slots.get(path);
    return this.#runtime.registry.ref(slot instanceof WorkerSlot ? slot.name : path);
  }

  #supervisor(path: string): SupervisorNode | undefined {
    const slot = this.#runtime.slots.get(path);
    return slot instanceof SupervisorNode ? slot : undefined;
  }
}
