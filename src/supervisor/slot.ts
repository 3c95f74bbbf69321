import type { ChildSpec } from './child-spec.ts';
import { deferred, type Deferred } from './deferred.ts';
import { describeExit, isCleanExit, type ExitReason, type OperatorWord } from './exit-reason.ts';
import { FRESH_HISTORY, type ChildHistory, type ChildRules } from './policy.ts';
import { Relations, type Down, type LinkEnd } from './relations.ts';
import type { RestartAttempt } from './restart-attempt.ts';
import type { Runtime } from './runtime.ts';
import type { Traced } from './trace.ts';
import type { LoneNode } from './tree-log.ts';
import type { TreeNode } from './tree-node.ts';

export type StartOutcome =
  { kind: 'started' } | { kind: 'ignored' } | { kind: 'failed'; reason: ExitReason };

/** restarting: down, and the next incarnation is on its way. backing-off: the same, after a delay. */
export type SlotPhase =
  'starting' | 'running' | 'stopping' | 'restarting' | 'backing-off' | 'parked' | 'stopped';

/** Whoever a slot's incarnations report to: its supervisor, or the system for the root. */
export interface Parent {
  /** It ended after it was ready and without being asked to. */
  childExited(slot: Slot, reason: ExitReason): void;
}

/** A child's place in the tree: its identity, what is remembered of it, and at most one incarnation. */
export abstract class Slot implements LinkEnd {
  abstract readonly spec: ChildSpec;
  readonly id: string;
  readonly path: string;
  readonly runtime: Runtime;
  readonly parent: Parent;
  rules: ChildRules;
  readonly relations: Relations = new Relations(this);
  phase: SlotPhase = 'stopped';
  epoch = 0;
  /** Times it became ready again. */
  restarts = 0;
  lastRestartMs: number | undefined;
  lastExit: { reason: string; at: number } | undefined;
  lastReason: ExitReason | undefined;
  /** Type of the message in hand at the last crash. */
  lastMessage: string | undefined;
  /** An operator wanted it down. */
  isStoppedByOperator = false;
  history: ChildHistory = FRESH_HISTORY;
  /** The restart it waits for or takes part in. */
  attempt: RestartAttempt | undefined;
  isRemoved = false;
  #isUp = false;
  #startedAtMs = 0;
  #endedAtMs = 0;
  #wasReady = false;
  #starting: Deferred<StartOutcome> | undefined;
  #stopping: Deferred<ExitReason> | undefined;

  constructor(spec: ChildSpec, path: string, parent: Parent, runtime: Runtime) {
    this.id = spec.id;
    this.path = path;
    this.parent = parent;
    this.runtime = runtime;
    this.rules = rulesOf(spec);
  }

  get parentSlot(): Slot | undefined {
    return this.parent instanceof Slot ? this.parent : undefined;
  }

  /** For traces; supervisors handle no messages. */
  get traced(): Traced | undefined {
    return undefined;
  }

  /** An incarnation exists: starting, running, stopping, or running its last cleanups. */
  get isUp(): boolean {
    return this.#isUp;
  }

  get uptimeMs(): number {
    return this.#isUp ? this.runtime.environment.clock.monotonicMs() - this.#startedAtMs : 0;
  }

  /** Makes a new incarnation; resolves when it is ready or has ended without. */
  start(): Promise<StartOutcome> {
    this.#isUp = true;
    this.isStoppedByOperator = false;
    this.epoch += 1;
    this.#startedAtMs = this.runtime.environment.clock.monotonicMs();
    this.#setPhase('starting');
    const starting = deferred<StartOutcome>();
    this.#starting = starting;
    this.launch();
    return starting.promise;
  }

  /** Asks the incarnation to end, as its spec says how; resolves when it is down. */
  stop(): Promise<void> {
    return this.#stop(() => this.requestStop());
  }

  /** Ends the incarnation at once; resolves when it is down. */
  abort(): Promise<void> {
    return this.#stop(() => this.requestAbort(), true);
  }

  /** The operator's kill: the supervisor then sees an exit like any other. */
  abstract kill(word: OperatorWord): void;

  /** Ends well, as its spec says, and then exits for the policy as restarted by an operator. */
  restart(word: OperatorWord): void {
    if (this.phase === 'stopping') return;
    this.#setPhase('stopping');
    this.requestRestart({ kind: 'restarted', by: 'operator', ...word });
  }

  /** Another incarnation that it is linked to has ended. */
  abstract exitSignal(down: Down): void;

  /** No incarnation will follow: what still waits for one is lost. */
  abstract retire(): void;

  /** Leaves the tree for good. Only when it is down. */
  remove(): void {
    this.isRemoved = true;
    this.attempt = undefined;
    this.phase = 'stopped';
    if (this.runtime.slots.get(this.path) === this) this.runtime.slots.delete(this.path);
    this.retire();
    this.runtime.treeLog.removed(this.path);
    this.runtime.treeChanged();
  }

  abstract toTreeNode(): TreeNode;

  loneNode(): LoneNode {
    const { children: _children, ...node } = this.toTreeNode();
    return node;
  }

  protected abstract requestRestart(reason: ExitReason): void;
  protected abstract launch(): void;
  protected abstract requestStop(): void;
  protected abstract requestAbort(): void;

  /** The incarnation is ready. */
  protected ready(): void {
    const { clock } = this.runtime.environment;
    this.#setPhase('running');
    this.history = { ...this.history, readyAtMs: clock.monotonicMs() };
    const { path, epoch } = this;
    if (this.#wasReady) {
      this.restarts += 1;
      this.lastRestartMs = clock.nowMs();
      const afterMs = clock.monotonicMs() - this.#endedAtMs;
      const { lastReason: cause, lastMessage: message } = this;
      this.runtime.report({
        kind: 'childRestarted',
        path,
        epoch,
        afterMs,
        attempt: this.history.attempt,
        ...(cause ? { cause } : {}),
        ...(message === undefined ? {} : { message }),
      });
    } else {
      this.#wasReady = true;
      this.runtime.report({ kind: 'childStarted', path, epoch });
    }
    this.#settleStart({ kind: 'started' });
  }

  /** The incarnation has ended and holds nothing any more. */
  protected ended(reason: ExitReason, isIgnored = false): void {
    const { clock } = this.runtime.environment;
    this.#isUp = false;
    if (!isIgnored) {
      this.lastExit = { reason: describeExit(reason), at: clock.nowMs() };
      this.lastReason = reason;
    }
    if (!this.#starting) this.#endedAtMs = clock.monotonicMs();
    if (!isCleanExit(reason)) this.runtime.counters.crashes += 1;
    const stopping = this.#stopping;
    this.#stopping = undefined;
    this.#setPhase(stopping || isIgnored ? 'stopped' : 'restarting');
    if (stopping) this.#reportStopped(reason);
    this.relations.ended({ path: this.path, epoch: this.epoch, reason });
    if (this.#starting) {
      this.#settleStart(isIgnored ? { kind: 'ignored' } : { kind: 'failed', reason });
    } else if (!stopping) {
      this.parent.childExited(this, reason);
    }
    stopping?.resolve(reason);
  }

  #settleStart(outcome: StartOutcome): void {
    const starting = this.#starting;
    this.#starting = undefined;
    starting?.resolve(outcome);
  }

  async #stop(request: () => void, isRepeated = false): Promise<void> {
    if (!this.#isUp) return;
    const isFirst = this.#stopping === undefined;
    this.#stopping ??= deferred<ExitReason>();
    const { promise } = this.#stopping;
    if (isFirst) this.#setPhase('stopping');
    if (isFirst || isRepeated) request();
    await promise;
  }

  #reportStopped(reason: ExitReason): void {
    const { path, epoch } = this;
    const willRestart = this.attempt !== undefined;
    this.runtime.report({
      kind: 'childExited',
      path,
      epoch,
      reason,
      willRestart,
      delayMs: 0,
      wasAsked: true,
    });
    if (!this.#isExpected(reason)) this.runtime.report({ kind: 'shutdownError', path, reason });
  }

  /** OTP: `shutdown`; `normal` unless permanent; `killed` when that is how it is stopped. */
  #isExpected(reason: ExitReason): boolean {
    if (reason.kind === 'normal') return this.rules.restart !== 'permanent';
    if (reason.kind === 'killed' || reason.kind === 'abandoned') return reason.by === 'supervisor';
    return reason.kind === 'shutdown';
  }

  #setPhase(phase: SlotPhase): void {
    this.phase = phase;
    this.runtime.treeChanged(this);
  }
}

export function rulesOf(spec: ChildSpec): ChildRules {
  const { id, restart = 'permanent', significant = false, backoff, budget } = spec;
  return { id, restart, significant, backoff, budget };
}
