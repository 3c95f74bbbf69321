import type { WhyView } from '../../protocol/debug/report-views.ts';
import type { Cause, Explanation } from '../../supervisor/index.ts';
import { isoTime, snakeCase } from './plain-names.ts';
import { errorView } from './error-view.ts';

export function whyView(found: Explanation): WhyView {
  const { path, state, isRunning, causes, lastExit, lastError, lastMessage, budget } = found;
  const { supervisor, backoffAttempt } = found;
  const hint = hintOf(path, causes);
  return {
    path,
    state,
    is_running: isRunning,
    causes: causes.map((cause) => ({
      kind: cause.kind,
      text: sentenceOf(cause),
      detail: detailOf(cause),
    })),
    ...(lastExit && { last_exit: { reason: lastExit.reason, at: isoTime(lastExit.at) } }),
    ...(lastError && { last_error: errorView(lastError) }),
    ...(lastMessage !== undefined && { last_message: lastMessage }),
    ...(budget && {
      budget: {
        restarts: budget.restarts,
        max_restarts: budget.maxRestarts,
        within_ms: budget.withinMs,
        on_exhausted: budget.onExhausted,
        is_slow: budget.isSlow,
      },
    }),
    backoff_attempt: backoffAttempt,
    ...(supervisor && {
      supervisor: {
        path: supervisor.path,
        restarts: supervisor.restarts,
        intensity: supervisor.intensity,
        period_ms: supervisor.periodMs,
      },
    }),
    ...(hint !== undefined && { hint }),
  };
}

function sentenceOf(cause: Cause): string {
  switch (cause.kind) {
    case 'parentDown':
      return `its supervisor ${cause.path} is ${cause.state}`;
    case 'backingOff':
      return `attempt ${cause.attempt} to restart it comes in ${seconds(cause.remainingMs)}`;
    case 'waitsForGroup':
      return `it is restarted together with ${cause.path}, which has not ended yet`;
    case 'restarting':
      return 'it is being restarted';
    case 'starting':
      return `it has been starting for ${seconds(cause.forMs)}`;
    case 'stopping':
      return 'it is stopping';
    case 'parked':
      return `it was given up after ${cause.restarts} restarts (at most ${cause.maxRestarts} within ${seconds(cause.withinMs)})`;
    case 'neverStarted':
      return 'it was never started';
    case 'stoppedByOperator':
      return 'somebody stopped it';
    case 'endedForGood':
      return `it ended, and as a ${cause.restart} child it does not come back`;
    case 'suspended':
      return `it is suspended until ${isoTime(cause.untilMs)}`;
  }
}

function detailOf({ kind: _kind, ...fields }: Cause): unknown {
  return snakeCase(fields);
}

/** What a person can do about the weightiest cause that something can be done about. */
function hintOf(path: string, causes: readonly Cause[]): string | undefined {
  for (const cause of causes) {
    if (cause.kind === 'parentDown') return `see \`codi why ${cause.path}\``;
    if (cause.kind === 'suspended') return `go on with \`codi resume ${path}\``;
    if (cause.kind === 'parked')
      return `see \`codi crashes\`, then start it again with \`codi restart ${path}\``;
    if (cause.kind === 'backingOff') return `try at once with \`codi restart ${path}\``;
    if (['stoppedByOperator', 'endedForGood', 'neverStarted'].includes(cause.kind))
      return `start it with \`codi restart ${path}\``;
  }
  return undefined;
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
