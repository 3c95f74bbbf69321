import {
  DEFAULT_INTENSITY,
  DEFAULT_PERIOD_MS,
  type ChildSpec,
  type SupervisorSpec,
} from './child-spec.ts';
import type { Timer } from './clock.ts';
import { isOperatorKill, StartError, type ExitReason, type OperatorWord } from './exit-reason.ts';
import { FRESH_HISTORY, type SupervisorFlags } from './policy.ts';
import type { RestartWindow } from './restart-window.ts';
import { Restarter } from './restarter.ts';
import type { Runtime } from './runtime.ts';
import { Slot, type Parent } from './slot.ts';
import type { LoneNode } from './tree-log.ts';
import type { TreeNode } from './tree-node.ts';
import { treeNodeOf } from './tree-snapshot.ts';
import { WorkerSlot } from './worker-slot.ts';

/** A supervisor: starts its children in order, watches them, stops them in reverse. */
export class SupervisorNode extends Slot implements Parent {
  override spec: SupervisorSpec;
  flags: SupervisorFlags;
  /** In start order. */
  readonly children = new Map<string, Slot>();
  readonly restarter: Restarter;
  /** From a live change above it: counts from its next start. */
  nextSpec: SupervisorSpec | undefined;
  /** Times of recent restarts in this incarnation. */
  restartTimes: RestartWindow = [];
  #isOpen = false;
  #closing: Promise<void> | undefined;
  #isAborting = false;
  /** An operator killed a child while others were still to start: what then fails may be for want of it. */
  #killedInStart: StartError | undefined;

  constructor(spec: SupervisorSpec, path: string, parent: Parent, runtime: Runtime) {
    super(spec, path, parent, runtime);
    this.spec = spec;
    this.flags = flagsOf(spec);
    this.restarter = new Restarter(this);
    // From here on messages to its children wait for them, also before their start.
    try {
      for (const child of spec.children ?? []) this.addChild(child);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Takes part in supervision: not before its start and not once it began to end. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isDynamic(): boolean {
    return this.spec.strategy === 'dynamic';
  }

  childExited(slot: Slot, reason: ExitReason): void {
    if (this.phase === 'starting' && isOperatorKill(reason)) {
      this.#killedInStart = new StartError(slot.path, reason);
    }
    this.restarter.childExited(slot, reason);
  }

  /** Throws when the spec is wrong or its path or name is taken. Not started yet. */
  addChild(spec: ChildSpec): Slot {
    const { runtime } = this;
    const path = this.parent instanceof SupervisorNode ? `${this.path}/${spec.id}` : spec.id;
    if (this.children.has(spec.id)) throw new Error(`two children have the id '${spec.id}'`);
    if (runtime.slots.has(path)) throw new Error(`the path '${path}' is taken`);
    const slot =
      spec.type === 'worker'
        ? new WorkerSlot(spec, path, this, runtime)
        : new SupervisorNode(spec, path, this, runtime);
    runtime.slots.set(path, slot);
    this.children.set(spec.id, slot);
    runtime.treeLog.added(this.path, slot);
    if (slot.traced) runtime.tracer.attach(slot.traced);
    runtime.treeChanged();
    return slot;
  }

  /** Only when it is down. */
  removeChild(slot: Slot): void {
    this.children.delete(slot.id);
    slot.remove();
  }

  /** Gives up, or has done its work: stops what still runs and ends with `shutdown`. */
  endByItself(): void {
    void this.#close({ kind: 'shutdown' });
  }

  override kill(word: OperatorWord): void {
    void this.#close({ kind: 'killed', by: 'operator', ...word });
    this.#abortChildren();
  }

  /** A supervisor outlives those it is linked to: OTP's traps exits. */
  override exitSignal(): void {
    // Nothing to do.
  }

  override retire(): void {
    for (const slot of this.children.values()) slot.retire();
  }

  override remove(): void {
    for (const slot of [...this.children.values()]) this.removeChild(slot);
    super.remove();
  }

  override loneNode(): LoneNode {
    const { children: _children, ...node } = treeNodeOf(this);
    return { ...node, strategy: this.spec.strategy };
  }

  override toTreeNode(): TreeNode {
    return {
      ...this.loneNode(),
      children: [...this.children.values()].map((slot) => slot.toTreeNode()),
    };
  }

  protected override launch(): void {
    if (this.nextSpec) {
      this.spec = this.nextSpec;
      this.flags = flagsOf(this.spec);
      this.nextSpec = undefined;
    }
    this.#isOpen = true;
    this.#isAborting = false;
    this.restartTimes = [];
    this.#killedInStart = undefined;
    void this.#startChildren();
  }

  protected override requestStop(): void {
    const { shutdown = 'infinity' } = this.spec;
    const reason: ExitReason = { kind: 'shutdown' };
    if (typeof shutdown !== 'number') {
      void this.#close(reason);
      if (shutdown === 'kill') this.#abortChildren();
      return;
    }
    const { clock } = this.runtime.environment;
    const timer: Timer = clock.setTimeout(() => this.#abortChildren(), shutdown);
    void this.#close(reason).then(() => clock.clearTimeout(timer));
  }

  protected override requestRestart(reason: ExitReason): void {
    void this.#close(reason);
  }

  protected override requestAbort(): void {
    void this.#close({ kind: 'killed', by: 'supervisor' });
    this.#abortChildren();
  }

  /** OTP: one after the other; the first that fails ends it all, in reverse order and without retries. */
  async #startChildren(): Promise<void> {
    const failure = this.#restoreChildren() ?? (await this.#startInOrder());
    if (!this.#isOpen) return;
    if (failure) {
      await this.#close({ kind: 'startFailed', error: this.#killedInStart ?? failure });
    } else this.ready();
  }

  async #startInOrder(): Promise<StartError | undefined> {
    for (const slot of [...this.children.values()]) {
      const outcome = await slot.start();
      if (!this.#isOpen) return undefined;
      if (outcome.kind === 'failed') {
        const { reason } = outcome;
        slot.phase = 'stopped';
        const { path, epoch } = slot;
        const retry = { willRetry: false, delayMs: 0 };
        this.runtime.report({ kind: 'startFailed', path, epoch, reason, ...retry });
        const isNested = reason.kind === 'startFailed' && reason.error instanceof StartError;
        return isNested ? (reason.error as StartError) : new StartError(path, reason);
      }
      if (outcome.kind === 'ignored') this.settleIgnored(slot);
    }
    return undefined;
  }

  /** OTP's ignore: the spec stays, except of temporary and of dynamic children. */
  settleIgnored(slot: Slot): void {
    if (this.isDynamic || slot.rules.restart === 'temporary') this.removeChild(slot);
    else slot.retire();
  }

  /** The children of the spec, in its order, each with a clean record; slots from before are kept. */
  #restoreChildren(): StartError | undefined {
    const before = new Map(this.children);
    this.children.clear();
    for (const spec of this.spec.children ?? []) {
      const slot = before.get(spec.id);
      if (slot) this.children.set(spec.id, slot);
      try {
        const child = slot ?? this.addChild(spec);
        child.history = FRESH_HISTORY;
      } catch (error) {
        const path = `${this.path}/${spec.id}`;
        return new StartError(path, { kind: 'startFailed', error });
      }
    }
    return undefined;
  }

  /** Ends this incarnation. A second call joins the first. */
  #close(reason: ExitReason): Promise<void> {
    this.#closing ??= this.#stopChildren().then(() => {
      this.#closing = undefined;
      this.ended(reason);
    });
    return this.#closing;
  }

  async #stopChildren(): Promise<void> {
    this.#isOpen = false;
    this.restarter.cancelAll();
    // Lets a caller that wants it quick say so before the first child is asked.
    await Promise.resolve();
    const slots = [...this.children.values()].reverse();
    if (this.#isAborting || this.isDynamic) {
      await Promise.all(slots.map((slot) => (this.#isAborting ? slot.abort() : slot.stop())));
    } else {
      for (const slot of slots) await (this.#isAborting ? slot.abort() : slot.stop());
    }
    const kept = new Set(this.spec.children?.map((spec) => spec.id));
    for (const slot of slots) if (!kept.has(slot.id)) this.removeChild(slot);
  }

  #abortChildren(): void {
    this.#isAborting = true;
    for (const slot of this.children.values()) void slot.abort();
  }
}

export function flagsOf(spec: SupervisorSpec): SupervisorFlags {
  return {
    strategy: spec.strategy,
    intensity: spec.intensity ?? DEFAULT_INTENSITY,
    periodMs: spec.periodMs ?? DEFAULT_PERIOD_MS,
    autoShutdown: spec.autoShutdown ?? 'never',
  };
}
