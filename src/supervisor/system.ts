import * as admin from './admin.ts';
import type { ActorRef } from './cell-context.ts';
import type { ChildSpec, SupervisorSpec } from './child-spec.ts';
import { checkSpec } from './check-spec.ts';
import { deferred } from './deferred.ts';
import type { Environment } from './environment.ts';
import { StartError, type ExitReason } from './exit-reason.ts';
import { Registry } from './registry.ts';
import type { Report } from './report.ts';
import { Runtime, type RuntimeCounters } from './runtime.ts';
import { Scheduler } from './scheduler.ts';
import { SupervisorNode } from './supervisor-node.ts';
import type { TreeNode } from './tree-node.ts';

const ROOT_PATH = 'root';

export type KillResult =
  | { ok: true; path: string; epoch: number; type: 'worker' | 'supervisor' }
  | { ok: false; error: 'noproc' | 'root' };

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
  /** The root ended by itself: nothing runs any more. */
  onEnd?(reason: ExitReason): void;
}

export interface System {
  tree(): TreeNode;
  ref<M>(name: string): ActorRef<M>;
  /** Called once per macro-task after something that tree() shows by its state changed. Returns its end. */
  onTreeChange(listener: () => void): () => void;
  /** Ends an incarnation outside of all budgets; permanent and transient children come back at once. */
  kill(path: string, by?: 'operator'): KillResult;
  startChild(supervisorPath: string, spec: ChildSpec): Promise<admin.StartChildResult>;
  terminateChild(supervisorPath: string, id: string): Promise<'ok' | 'not_found'>;
  restartChild(supervisorPath: string, id: string): Promise<admin.RestartChildResult>;
  deleteChild(supervisorPath: string, id: string): Promise<admin.DeleteChildResult>;
  whichChildren(supervisorPath: string): admin.ChildInfo[] | 'noproc';
  countChildren(supervisorPath: string): admin.ChildCounts | 'noproc';
  getChildSpec(supervisorPath: string, id: string): ChildSpec | 'not_found' | 'noproc';
  counters(): Readonly<RuntimeCounters>;
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

class RunningSystem implements System {
  readonly settled: Promise<ExitReason>;
  readonly #runtime: Runtime;
  readonly #root: SupervisorNode;
  readonly #unstopped: StopReport['unstopped'] = [];
  #stopping: Promise<StopReport> | undefined;

  constructor(spec: SupervisorSpec, options: SystemOptions) {
    const { environment, onReport, onEnd } = options;
    const registry = new Registry((name) => this.#runtime.deadLetters(name, 1));
    this.#runtime = new Runtime(
      environment,
      new Scheduler(environment.clock),
      registry,
      (report) => {
        if (this.#stopping && report.kind === 'unstopped') {
          this.#unstopped.push({ path: report.path, reason: report.reason });
        }
        onReport?.(report);
      },
    );
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

  tree(): TreeNode {
    return this.#root.toTreeNode();
  }

  ref<M>(name: string): ActorRef<M> {
    return this.#runtime.registry.ref(name);
  }

  onTreeChange(listener: () => void): () => void {
    return this.#runtime.onTreeChange(listener);
  }

  kill(path: string): KillResult {
    const slot = this.#runtime.slots.get(path);
    if (!slot) return { ok: false, error: 'noproc' };
    if (slot === this.#root) return { ok: false, error: 'root' };
    const { epoch } = slot;
    const { type } = slot.spec;
    if (slot.isUp) slot.kill();
    else if (!(slot.parent as SupervisorNode).restarter.startNow(slot)) {
      return { ok: false, error: 'noproc' };
    }
    return { ok: true, path, epoch, type };
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

  countChildren(supervisorPath: string): admin.ChildCounts | 'noproc' {
    const node = this.#supervisor(supervisorPath);
    return node ? admin.countChildren(node) : 'noproc';
  }

  getChildSpec(supervisorPath: string, id: string): ChildSpec | 'not_found' | 'noproc' {
    const node = this.#supervisor(supervisorPath);
    return node ? (node.children.get(id)?.spec ?? 'not_found') : 'noproc';
  }

  counters(): Readonly<RuntimeCounters> {
    return { ...this.#runtime.counters };
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

  #supervisor(path: string): SupervisorNode | undefined {
    const slot = this.#runtime.slots.get(path);
    return slot instanceof SupervisorNode ? slot : undefined;
  }
}
