import type { SubscriptionOutcome } from '../client/debug-subscription.ts';
import type { TraceEventView } from '../protocol/debug/actor-views.ts';
import { plural, showCount, showFineDuration } from './amounts.ts';
import { showClockMs } from './clock-text.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';

/** `14:02:11.123  core/bus#1  ← publish  waited 0.1 ms, took 0.3 ms → idle` */
export function traceLine(event: TraceEventView, style: Style): string {
  const { kind, type, wait_ms: waitMs, handle_ms: handleMs, outcome, state, to, result } = event;
  const head = [
    style.dim(showClockMs(event.at)),
    `${safeText(event.path)}${style.dim(`#${event.epoch}`)}`,
  ];
  if (kind === 'sent') {
    const target = to === undefined ? '' : ` ${style.dim('to')} ${safeText(to)}`;
    const isTaken = result === undefined || result === 'ok' || result === 'queued';
    const shown = result === undefined ? [] : [(isTaken ? style.dim : style.red)(safeText(result))];
    return [...head, `${style.cyan('→')} ${safeText(type)}${target}`, ...shown].join('  ');
  }
  const times = [
    ...(waitMs === undefined ? [] : [`waited ${showFineDuration(waitMs)}`]),
    ...(handleMs === undefined ? [] : [`took ${showFineDuration(handleMs)}`]),
  ].join(', ');
  return [
    ...head,
    `${style.green('←')} ${safeText(type)}`,
    style.dim(times),
    ...(outcome === undefined || outcome === 'handled' ? [] : [style.red(safeText(outcome))]),
    ...(state === undefined ? [] : [style.dim(`then ${safeText(state)}`)]),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** Why a bounded stream ended, and what it did not show. */
export function streamEndText(
  { reason, dropped }: SubscriptionOutcome,
  shown: number,
  what = 'message',
): string {
  const why: Record<SubscriptionOutcome['reason'], string> = {
    limit: 'the limit is reached',
    expired: 'the time is over',
    unsubscribed: 'interrupted',
    slow: 'ended by the daemon: this end did not read fast enough',
    stopping: 'ended: the daemon, or its debug socket, stops',
    failed: 'ended: the trace failed inside the daemon',
  };
  const left = dropped > 0 ? `, ${showCount(dropped)} left out because they came too fast` : '';
  return `${plural(shown, what)}${left}; ${why[reason]}`;
}
