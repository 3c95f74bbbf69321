/**
 * The whole restart policy, pure: what happened and when, in; what to do, out. OTP's rules are those of
 * supervisor.erl; what goes beyond (backoff, budgets of single children, operator kills) is marked.
 */
import { backoffDelayMs } from './backoff.ts';
import {
  DEFAULT_SLOW_MS,
  type AutoShutdown,
  type Backoff,
  type Budget,
  type Restart,
  type Strategy,
} from './child-spec.ts';
import { isCleanExit, isOperatorKill, type ExitReason } from './exit-reason.ts';
import { addRestart, isExhausted, type RestartWindow } from './restart-window.ts';

export interface SupervisorFlags {
  strategy: Strategy;
  intensity: number;
  periodMs: number;
  autoShutdown: AutoShutdown;
}

export interface ChildRules {
  id: string;
  restart: Restart;
  significant: boolean;
  backoff?: Backoff | undefined;
  budget?: Budget | undefined;
}

/** What the policy remembers of one child between its exits. */
export interface ChildHistory {
  /** Restarts since it last ran long enough: the exponent of its backoff. */
  attempt: number;
  /** Its own budget's window. */
  recent: RestartWindow;
  /** Its budget was spent and it has not run for the budget's window since. */
  isSlow: boolean;
  /** Monotonic time of its last readiness; undefined while it never got ready. */
  readyAtMs: number | undefined;
}

export const FRESH_HISTORY: ChildHistory = {
  attempt: 0,
  recent: [],
  isSlow: false,
  readyAtMs: undefined,
};

export interface ChildRecord {
  rules: ChildRules;
  history: ChildHistory;
  /** Running, starting, or waiting for its restart. */
  isAlive: boolean;
}

export interface PolicyState {
  flags: SupervisorFlags;
  /** The supervisor's intensity window. */
  restarts: RestartWindow;
  /** In start order. For independent children (one_for_one, dynamic) the one concerned is enough. */
  children: readonly ChildRecord[];
}

export interface PolicyEvent {
  /** exited: ended by itself after readiness. startFailed: an attempt to restart it failed. */
  kind: 'exited' | 'startFailed';
  id: string;
  reason: ExitReason;
  /** Random number in [0, 1) for jitter. */
  draw: number;
}

export type Plan =
  /** Stays down; its spec stays. */
  | { kind: 'none' }
  /** Temporary: the child and its spec go. */
  | { kind: 'remove' }
  /** Stop (in this order), drop the temporary ones, wait, start (in this order). */
  | { kind: 'restart'; group: GroupPlan; delayMs: number; isSlow: boolean }
  | { kind: 'park'; group: GroupPlan }
  | { kind: 'shutdown'; cause: 'meltdown' | 'autoShutdown' };

export interface GroupPlan {
  /** Siblings to stop, last started first. */
  stop: readonly string[];
  /** Temporary siblings among them: not started again, spec removed. */
  remove: readonly string[];
  /** To start, first started first; contains the child itself. */
  start: readonly string[];
}

export interface Decision {
  state: PolicyState;
  plan: Plan;
}

/** Decides what one exit or failed restart attempt leads to. */
export function decide(state: PolicyState, event: PolicyEvent, nowMs: number): Decision {
  const child = state.children.find((candidate) => candidate.rules.id === event.id);
  if (!child) return { state, plan: { kind: 'none' } };
  if (event.kind === 'exited' && !isRestarted(child.rules.restart, event.reason)) {
    return { state, plan: endPlan(state, child, event.reason) };
  }
  if (isOperatorKill(event.reason)) {
    return { state, plan: restartPlan(state, child, 0, false) };
  }
  return account(state, child, event, nowMs);
}

function isRestarted(restart: Restart, reason: ExitReason): boolean {
  if (restart === 'temporary') return false;
  return restart === 'permanent' || !isCleanExit(reason);
}

/** A child ended for good: keep or drop its spec, or end the supervisor when its significance says so. */
function endPlan(state: PolicyState, child: ChildRecord, reason: ExitReason): Plan {
  const { id, restart, significant } = child.rules;
  const isEndMeant = restart === 'temporary' || isCleanExit(reason);
  if (significant && isEndMeant) {
    const isLast = !state.children.some(
      (other) => other.rules.id !== id && other.rules.significant && other.isAlive,
    );
    const { autoShutdown } = state.flags;
    if (autoShutdown === 'any_significant' || (autoShutdown === 'all_significant' && isLast)) {
      return { kind: 'shutdown', cause: 'autoShutdown' };
    }
  }
  return restart === 'temporary' ? { kind: 'remove' } : { kind: 'none' };
}

/** Counts the restart, against the child's own budget if it has one, and picks the delay. */
function account(
  state: PolicyState,
  child: ChildRecord,
  event: PolicyEvent,
  nowMs: number,
): Decision {
  const { budget } = child.rules;
  const settled = settle(child, event, nowMs);
  const delayMs = delayOf(child.rules, settled.attempt, event.draw);
  if (!budget) {
    const restarts = addRestart(state.restarts, nowMs, state.flags.periodMs);
    const next = replace({ ...state, restarts }, child, {
      ...settled,
      attempt: settled.attempt + 1,
    });
    if (isExhausted(restarts, state.flags.intensity)) return { state: next, plan: MELTDOWN };
    return { state: next, plan: restartPlan(next, child, delayMs, false) };
  }
  const recent = addRestart(settled.recent, nowMs, budget.withinMs);
  const isSpent = isExhausted(recent, budget.maxRestarts);
  const isSlow = settled.isSlow || (isSpent && budget.onExhausted === 'retrySlow');
  const next = replace(state, child, { ...settled, attempt: settled.attempt + 1, recent, isSlow });
  if (isSlow) {
    return { state: next, plan: restartPlan(next, child, budget.slowMs ?? DEFAULT_SLOW_MS, true) };
  }
  if (isSpent && budget.onExhausted === 'escalate') return { state: next, plan: MELTDOWN };
  if (isSpent) return { state: next, plan: { kind: 'park', group: groupOf(state, child) } };
  return { state: next, plan: restartPlan(next, child, delayMs, false) };
}

const MELTDOWN: Plan = { kind: 'shutdown', cause: 'meltdown' };

/** Forgives what lies before a run that was long enough. */
function settle(child: ChildRecord, event: PolicyEvent, nowMs: number): ChildHistory {
  const { history, rules } = child;
  if (event.kind === 'startFailed' || history.readyAtMs === undefined) return history;
  const ranMs = nowMs - history.readyAtMs;
  return {
    ...history,
    attempt: rules.backoff && ranMs >= rules.backoff.resetAfterMs ? 0 : history.attempt,
    isSlow: history.isSlow && ranMs < (rules.budget?.withinMs ?? 0),
  };
}

function delayOf(rules: ChildRules, attempt: number, draw: number): number {
  return rules.backoff ? backoffDelayMs(rules.backoff, attempt, draw) : 0;
}

function restartPlan(
  state: PolicyState,
  child: ChildRecord,
  delayMs: number,
  isSlow: boolean,
): Plan {
  return { kind: 'restart', group: groupOf(state, child), delayMs, isSlow };
}

/** Which children a restart of this one takes with it. */
function groupOf(state: PolicyState, child: ChildRecord): GroupPlan {
  const { id } = child.rules;
  const { strategy } = state.flags;
  if (strategy === 'one_for_one' || strategy === 'dynamic') {
    return { stop: [], remove: [], start: [id] };
  }
  const first = strategy === 'rest_for_one' ? indexOf(state, id) : 0;
  const affected = state.children.slice(first).map((record) => record.rules);
  const siblings = affected.filter((rules) => rules.id !== id);
  return {
    stop: siblings.map((rules) => rules.id).reverse(),
    remove: siblings.filter((rules) => rules.restart === 'temporary').map((rules) => rules.id),
    start: affected
      .filter((rules) => rules.id === id || rules.restart !== 'temporary')
      .map((rules) => rules.id),
  };
}

function indexOf(state: PolicyState, id: string): number {
  return state.children.findIndex((record) => record.rules.id === id);
}

function replace(state: PolicyState, child: ChildRecord, history: ChildHistory): PolicyState {
  const children = state.children.map((record) =>
    record === child ? { ...record, history } : record,
  );
  return { ...state, children };
}
