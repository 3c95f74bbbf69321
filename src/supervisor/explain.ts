import { errorOf, type PlainError } from './crash-report.ts';
import { ancestorsOf } from './describe-crash.ts';
import { addRestart } from './restart-window.ts';
import type { Slot } from './slot.ts';
import { SupervisorNode } from './supervisor-node.ts';
import { WorkerSlot } from './worker-slot.ts';

/** One reason why an actor does not run (or does not do anything), the weightiest first. */
export type Cause =
  | { kind: 'parentDown'; path: string; state: string }
  | { kind: 'backingOff'; attempt: number; nextRetryMs: number; remainingMs: number }
  | { kind: 'waitsForGroup'; path: string }
  | { kind: 'restarting' }
  | { kind: 'starting'; forMs: number }
  | { kind: 'stopping' }
  | { kind: 'parked'; restarts: number; maxRestarts: number; withinMs: number }
  | { kind: 'neverStarted' }
  | { kind: 'stoppedByOperator' }
  | { kind: 'endedForGood'; restart: string }
  | { kind: 'suspended'; untilMs: number };

export interface Explanation {
  path: string;
  state: string;
  isRunning: boolean;
  causes: Cause[];
  lastExit: { reason: string; at: number } | undefined;
  lastError: PlainError | undefined;
  lastMessage: string | undefined;
  budget:
    | {
        restarts: number;
        maxRestarts: number;
        withinMs: number;
        onExhausted: string;
        isSlow: boolean;
      }
    | undefined;
  backoffAttempt: number;
  supervisor: { path: string; restarts: number; intensity: number; periodMs: number } | undefined;
}

/** Why an actor is not running, as data. */
export function explain(slot: Slot): Explanation {
  const { history, rules, lastReason, parentSlot } = slot;
  const nowMs = slot.runtime.environment.clock.monotonicMs();
  const { budget } = rules;
  return {
    path: slot.path,
    state: slot.phase,
    isRunning: slot.phase === 'running',
    causes: causesOf(slot),
    lastExit: slot.lastExit,
    lastError: lastReason && errorOf(lastReason),
    lastMessage: slot.lastMessage,
    budget: budget && {
      restarts: within(history.recent, nowMs, budget.withinMs),
      maxRestarts: budget.maxRestarts,
      withinMs: budget.withinMs,
      onExhausted: budget.onExhausted,
      isSlow: history.isSlow,
    },
    backoffAttempt: history.attempt,
    supervisor:
      parentSlot instanceof SupervisorNode
        ? {
            path: parentSlot.path,
            restarts: within(parentSlot.restartTimes, nowMs, parentSlot.flags.periodMs),
            intensity: parentSlot.flags.intensity,
            periodMs: parentSlot.flags.periodMs,
          }
        : undefined,
  };
}

function causesOf(slot: Slot): Cause[] {
  const down = ancestorsOf(slot).filter(({ phase }) => phase !== 'running' && phase !== 'starting');
  const above = down.map(({ path, phase }): Cause => ({ kind: 'parentDown', path, state: phase }));
  return [...above, ...ownCauses(slot)];
}

function ownCauses(slot: Slot): Cause[] {
  const { phase, attempt, history, rules } = slot;
  const { clock } = slot.runtime.environment;
  switch (phase) {
    case 'running': {
      const untilMs = slot instanceof WorkerSlot ? slot.suspension.untilMs : undefined;
      return untilMs === undefined ? [] : [{ kind: 'suspended', untilMs }];
    }
    case 'starting':
      return [{ kind: 'starting', forMs: slot.uptimeMs }];
    case 'stopping':
      return [{ kind: 'stopping' }];
    case 'backing-off':
    case 'restarting': {
      const leader = attempt?.slots.find((other) => other !== slot && other.isUp);
      const group: Cause[] = leader ? [{ kind: 'waitsForGroup', path: leader.path }] : [];
      const nextRetryMs = attempt?.dueAtMs;
      if (nextRetryMs === undefined) return [...group, { kind: 'restarting' }];
      const remainingMs = Math.max(0, nextRetryMs - clock.nowMs());
      return [...group, { kind: 'backingOff', attempt: history.attempt, nextRetryMs, remainingMs }];
    }
    case 'parked': {
      const { maxRestarts = 0, withinMs = 0 } = rules.budget ?? {};
      return [{ kind: 'parked', restarts: history.recent.length, maxRestarts, withinMs }];
    }
    case 'stopped':
      if (slot.epoch === 0) return [{ kind: 'neverStarted' }];
      if (slot.isStoppedByOperator) return [{ kind: 'stoppedByOperator' }];
      return [{ kind: 'endedForGood', restart: rules.restart }];
  }
}

function within(times: readonly number[], nowMs: number, periodMs: number): number {
  return addRestart(times, nowMs, periodMs).length - 1;
}
