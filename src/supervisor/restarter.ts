import type { ExitReason } from './exit-reason.ts';
import { decide, type GroupPlan, type Plan, type PolicyEvent, type PolicyState } from './policy.ts';
import { RestartAttempt } from './restart-attempt.ts';
import { Serial } from './serial.ts';
import type { Slot } from './slot.ts';
import type { SupervisorNode } from './supervisor-node.ts';

/**
 * Carries out what the policy decides for one supervisor. Between attempts nothing is held, so the supervisor
 * answers while a child keeps failing. Group strategies take one exit at a time, as OTP does; children of the
 * others are independent of each other.
 */
export class Restarter {
  readonly #node: SupervisorNode;
  /** Only used by group strategies. */
  readonly #serial = new Serial();

  constructor(node: SupervisorNode) {
    this.#node = node;
  }

  get #isGroup(): boolean {
    const { strategy } = this.#node.flags;
    return strategy === 'one_for_all' || strategy === 'rest_for_one';
  }

  /** Runs an operation that must not overlap with a group restart. */
  exclusively<T>(operation: () => Promise<T>): Promise<T> {
    return this.#isGroup ? this.#serial.run(operation) : operation();
  }

  childExited(slot: Slot, reason: ExitReason): void {
    const { epoch } = slot;
    void this.exclusively(async () => {
      // A group restart that came first has replaced it already: OTP counts that once, too.
      if (slot.epoch !== epoch || slot.isUp || slot.phase !== 'restarting') return;
      await this.#follow(slot, 'exited', reason);
    });
  }

  /** The operator wants it back now: ends its waiting, or its parking. False when it does neither. */
  startNow(slot: Slot): boolean {
    const resume = slot.attempt?.resume;
    if (resume) {
      resume();
      return true;
    }
    if (slot.phase !== 'parked') return false;
    slot.phase = 'restarting';
    void this.exclusively(() => this.#follow(slot, 'exited', { kind: 'killed', by: 'operator' }));
    return true;
  }

  /** Takes a child out of the restart it waits for; the others of its group are not affected. */
  withdraw(slot: Slot): void {
    const { attempt } = slot;
    slot.attempt = undefined;
    if (attempt?.isAbandoned) this.#cancel(attempt);
  }

  cancelAll(): void {
    for (const slot of this.#node.children.values()) {
      if (slot.attempt) this.#cancel(slot.attempt);
    }
  }

  async #follow(slot: Slot, kind: PolicyEvent['kind'], reason: ExitReason): Promise<void> {
    const node = this.#node;
    if (!node.isOpen || slot.isRemoved) return;
    const { environment } = node.runtime;
    const event = { kind, id: slot.id, reason, draw: environment.random() };
    const { state, plan } = decide(this.#stateFor(slot), event, environment.clock.monotonicMs());
    node.restartTimes = state.restarts;
    const wasSlow = slot.history.isSlow;
    const record = state.children.find(({ rules }) => rules.id === slot.id);
    if (record) slot.history = record.history;
    this.#report(slot, kind, reason, plan, wasSlow);
    await this.#carryOut(slot, plan, kind);
  }

  #stateFor(slot: Slot): PolicyState {
    const { flags, restartTimes, children } = this.#node;
    const isAlone = !this.#isGroup && flags.autoShutdown !== 'all_significant';
    const slots = isAlone ? [slot] : [...children.values()];
    return {
      flags,
      restarts: restartTimes,
      children: slots.map(({ rules, history, phase }) => {
        return { rules, history, isAlive: phase !== 'stopped' && phase !== 'parked' };
      }),
    };
  }

  async #carryOut(slot: Slot, plan: Plan, kind: PolicyEvent['kind']): Promise<void> {
    switch (plan.kind) {
      case 'none':
        this.#putDown(slot);
        break;
      case 'remove':
        this.#node.removeChild(slot);
        break;
      case 'restart':
        await this.#restart(plan.group, plan.delayMs, kind === 'startFailed');
        break;
      case 'park':
        slot.attempt = undefined;
        await this.#stopSiblings(plan.group, () => this.#node.isOpen);
        for (const id of plan.group.start) this.#putDown(this.#node.children.get(id));
        slot.phase = 'parked';
        break;
      case 'shutdown':
        this.#putDown(slot);
        this.#node.endByItself();
        break;
    }
    this.#node.runtime.treeChanged(slot);
  }

  async #restart(group: GroupPlan, delayMs: number, isRetry: boolean): Promise<void> {
    const slots = group.start.flatMap((id) => this.#node.children.get(id) ?? []);
    for (const slot of slots) if (slot.attempt) this.#cancel(slot.attempt);
    const attempt = new RestartAttempt(slots);
    await this.#stopSiblings(group, () => this.#isValid(attempt));
    if (!this.#isValid(attempt)) return;
    for (const slot of slots) {
      if (slot.attempt === attempt) slot.phase = delayMs > 0 ? 'backing-off' : 'restarting';
      this.#node.runtime.treeChanged(slot);
    }
    if (delayMs > 0 || isRetry) this.#wait(attempt, delayMs);
    else await this.#run(attempt);
  }

  /** Leaves the supervisor free until the delay is over, or for one macro-task. */
  #wait(attempt: RestartAttempt, delayMs: number): void {
    const { clock } = this.#node.runtime.environment;
    const go = () => {
      if (attempt.resume !== go) return;
      attempt.resume = undefined;
      this.#stopWaiting(attempt);
      void this.exclusively(() => this.#run(attempt));
    };
    attempt.resume = go;
    if (delayMs > 0) {
      attempt.timer = clock.setTimeout(go, delayMs);
      attempt.dueAtMs = clock.nowMs() + delayMs;
    } else clock.setImmediate(go);
  }

  async #run(attempt: RestartAttempt): Promise<void> {
    for (const slot of attempt.slots) {
      if (!this.#isValid(attempt)) return;
      if (slot.attempt !== attempt || slot.isUp) continue;
      const outcome = await slot.start();
      if (!this.#isValid(attempt)) return;
      // Meanwhile an operator has terminated it.
      if (slot.attempt !== attempt) continue;
      if (outcome.kind === 'failed') {
        await this.#follow(slot, 'startFailed', outcome.reason);
        return;
      }
      slot.attempt = undefined;
      if (outcome.kind === 'ignored') this.#node.settleIgnored(slot);
    }
  }

  async #stopSiblings(group: GroupPlan, isWanted: () => boolean): Promise<void> {
    for (const id of group.stop) {
      const slot = this.#node.children.get(id);
      if (!slot) continue;
      if (slot.isUp) await slot.stop();
      if (!isWanted()) return;
      if (group.remove.includes(id)) this.#node.removeChild(slot);
    }
  }

  #putDown(slot: Slot | undefined): void {
    if (!slot) return;
    slot.attempt = undefined;
    slot.phase = 'stopped';
    slot.retire();
    this.#node.runtime.treeChanged(slot);
  }

  #isValid(attempt: RestartAttempt): boolean {
    return this.#node.isOpen && !attempt.isCancelled;
  }

  #cancel(attempt: RestartAttempt): void {
    this.#stopWaiting(attempt);
    attempt.cancel();
  }

  #stopWaiting(attempt: RestartAttempt): void {
    if (attempt.timer) this.#node.runtime.environment.clock.clearTimeout(attempt.timer);
    attempt.timer = undefined;
    attempt.dueAtMs = undefined;
  }

  #report(
    slot: Slot,
    kind: PolicyEvent['kind'],
    reason: ExitReason,
    plan: Plan,
    wasSlow: boolean,
  ): void {
    const { runtime } = this.#node;
    const { path, epoch } = slot;
    const willRestart = plan.kind === 'restart';
    const delayMs = willRestart ? plan.delayMs : 0;
    if (kind === 'startFailed') {
      runtime.report({ kind, path, epoch, reason, willRetry: willRestart, delayMs });
    } else {
      runtime.report({ kind: 'childExited', path, epoch, reason, willRestart, delayMs });
    }
    if (willRestart && plan.isSlow && !wasSlow)
      runtime.report({ kind: 'retrySlow', path, delayMs });
    if (plan.kind === 'park') runtime.report({ kind: 'parked', path });
    if (plan.kind !== 'shutdown') return;
    const { path: supervisor } = this.#node;
    if (plan.cause === 'meltdown') runtime.report({ kind: 'meltdown', path: supervisor });
    else runtime.report({ kind: 'autoShutdown', path: supervisor, child: path });
  }
}
