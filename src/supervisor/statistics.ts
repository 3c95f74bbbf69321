import type { WorkerSlot } from './worker-slot.ts';

/** What an actor did since its statistics were switched on; OTP's sys:statistics. Wall times in Unix milliseconds. */
export interface Statistics {
  path: string;
  startedAt: number;
  at: number;
  messagesIn: number;
  messagesOut: number;
  errors: number;
  dropped: number;
  /** OTP's reductions: time spent in its turns. */
  busyMs: number;
  restarts: number;
}

export type StatisticsResult =
  { ok: true; statistics: Statistics } | { ok: false; error: 'noproc' | 'off' };

/** on: counts from now, also when it was on. get: what has been since. off: the same, for the last time. */
export function statistics(
  slot: WorkerSlot | undefined,
  verb: 'on' | 'get' | 'off',
): StatisticsResult {
  if (!slot) return { ok: false, error: 'noproc' };
  const now = totalsOf(slot);
  if (verb === 'on') slot.log.baseline = now;
  const { baseline } = slot.log;
  if (!baseline) return { ok: false, error: 'off' };
  if (verb === 'off') slot.log.baseline = undefined;
  return {
    ok: true,
    statistics: {
      path: slot.path,
      startedAt: baseline.at,
      at: now.at,
      messagesIn: now.messagesIn - baseline.messagesIn,
      messagesOut: now.messagesOut - baseline.messagesOut,
      errors: now.errors - baseline.errors,
      dropped: now.dropped - baseline.dropped,
      busyMs: now.busyMs - baseline.busyMs,
      restarts: now.restarts - baseline.restarts,
    },
  };
}

function totalsOf({ log, mailbox, restarts, runtime }: WorkerSlot): Baseline {
  const { messagesIn, messagesOut, errors, busyMs } = log;
  const at = runtime.environment.clock.nowMs();
  return { at, messagesIn, messagesOut, errors, busyMs, dropped: mailbox.dropped, restarts };
}

/** Totals at the moment of switching on. */
export type Baseline = Omit<Statistics, 'path' | 'startedAt'>;
