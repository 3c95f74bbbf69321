import type { WhyView } from '../protocol/debug/report-views.ts';
import { plural, showDuration } from './amounts.ts';
import { lastExitText } from './actor-lines.ts';
import { errorText } from './error-text.ts';
import { labelledLines } from './labelled-lines.ts';
import { safeText } from './safe-text.ts';
import { paintState } from './state-paint.ts';
import type { Style } from './style.ts';

/** Why an actor does not run, and what to do, as `codi why` says it. */
export function whyLines(why: WhyView, options: { style: Style; nowMs: number }): string[] {
  const { style, nowMs } = options;
  const path = style.bold(safeText(why.path));
  const state = paintState(why.state, style)(safeText(why.state));
  const isPlain = why.is_running && why.state === 'running';
  const head = `${path} ${why.is_running ? 'runs' : 'does not run'}${isPlain ? '' : `: ${state}`}`;
  return [
    head,
    ...labelledLines(
      [
        ['because', why.causes.map((cause) => safeText(cause.text))],
        ['last exit', lastExitText(why.last_exit, nowMs)],
        ['error', why.last_error && errorText(why.last_error)],
        ['message', why.last_message === undefined ? undefined : safeText(why.last_message)],
        ['budget', budgetText(why)],
        ['backoff', why.backoff_attempt > 0 ? `attempt ${why.backoff_attempt}` : undefined],
        ['supervisor', supervisorText(why)],
        ['do', why.hint === undefined ? undefined : style.bold(safeText(why.hint))],
      ],
      style,
    ),
  ];
}

function budgetText({ budget }: WhyView): string | undefined {
  if (!budget) return undefined;
  const { restarts, max_restarts: max, within_ms: withinMs, on_exhausted: then } = budget;
  const slow = budget.is_slow
    ? '; spent, it is tried slowly'
    : `; when it is spent: ${safeText(then)}`;
  return `${restarts} of ${plural(max, 'restart')} within ${showDuration(withinMs)}${slow}`;
}

function supervisorText({ supervisor }: WhyView): string | undefined {
  if (!supervisor) return undefined;
  const { path, restarts, intensity, period_ms: periodMs } = supervisor;
  return `${safeText(path)}: ${restarts} of ${plural(intensity, 'restart')} within ${showDuration(periodMs)}`;
}
