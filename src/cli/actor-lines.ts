import type { ActorView, ResourceView } from '../protocol/debug/actor-views.ts';
import type { LoneNodeView } from '../protocol/debug/tree-views.ts';
import { plural, showBytes, showCount, showDuration, showFineDuration } from './amounts.ts';
import { showMoment } from './clock-text.ts';
import { errorText } from './error-text.ts';
import { headerLines } from './header-lines.ts';
import { labelledLines } from './labelled-lines.ts';
import { safeText } from './safe-text.ts';
import { paintState } from './state-paint.ts';
import type { Style } from './style.ts';
import { tableLines } from './table.ts';

/** How much of an actor is shown. */
export interface ActorLinesOptions {
  style: Style;
  nowMs: number;
  /** Newest messages and oldest resources; all of them without. */
  rows?: number;
}

type Fact = readonly [label: string, text: string | readonly string[] | undefined];

/** All about one actor, as `codi inspect` shows it; what is not known is left out. */
export function actorLines(actor: ActorView, options: ActorLinesOptions): string[] {
  const { style, nowMs, rows } = options;
  const { recent = [], resources = [] } = actor;
  const head = [
    style.bold(safeText(actor.path)),
    paintState(actor.state, style)(safeText(actor.state)),
    `epoch ${actor.epoch}`,
    `up ${showDuration(actor.uptime_ms)}`,
  ].join('   ');
  return [
    head,
    ...labelledLines([...lifeFacts(actor, nowMs), ...workFacts(actor)], style),
    ...section(headerLines(recent.slice(-(rows ?? recent.length)), style)),
    ...section(resourceLines(resources.slice(0, rows), style)),
  ];
}

/** `crashed: SQLITE_IOERR, 14:02 today` */
export function lastExitText(exit: LoneNodeView['last_exit'], nowMs: number): string | undefined {
  return exit && `${safeText(exit.reason)}, ${showMoment(exit.at, nowMs)}`;
}

function section(lines: string[]): string[] {
  return lines.length > 1 ? ['', ...lines] : [];
}

function resourceLines(resources: readonly ResourceView[], style: Style): string[] {
  const columns = [
    { title: 'AGE', align: 'right' as const },
    { title: 'HOLDS' },
    { title: 'NAME' },
  ];
  const rows = resources.map((held) => [
    showDuration(held.age_ms),
    safeText(held.kind),
    safeText(held.name),
  ]);
  return tableLines(columns, rows, style.dim);
}

/** What became of it. */
function lifeFacts(actor: ActorView, nowMs: number): Fact[] {
  const { last_error: error, next_retry_at: nextAt, suspended_until: until } = actor;
  return [
    ['note', actor.note === undefined ? undefined : safeText(actor.note)],
    ['strategy', actor.strategy],
    ['restart', restartText(actor, nowMs)],
    ['last exit', lastExitText(actor.last_exit, nowMs)],
    ['last error', error && errorText(error)],
    ['next try', nextAt && showMoment(nextAt, nowMs)],
    ['suspended', until && `until ${showMoment(until, nowMs)}`],
    ['runs in', placeText(actor)],
    ['children', listText(actor.children)],
    ['links', linksText(actor)],
  ];
}

/** What it does. */
function workFacts({ stats, in_flight: inFlight, unread, timers = [] }: ActorView): Fact[] {
  const now =
    inFlight &&
    `${safeText(inFlight.type ?? 'no message')}, for ${showFineDuration(inFlight.running_ms)}`;
  const due = timers.map((timer) => `in ${showDuration(timer.due_in_ms)}`).join(', ');
  if (!stats) return [['in hand', now]];
  return [
    ['mailbox', mailboxText(stats.mailbox)],
    ['waiting', unread && unread.count > 0 ? listText(unread.types) : undefined],
    [
      'messages',
      `${showCount(stats.messages_in)} in, ${showCount(stats.messages_out)} out, ` +
        `${showCount(stats.dropped)} dropped, ${plural(stats.errors, 'error')}`,
    ],
    ['handling', handlingText(stats)],
    ['in hand', now],
    ['timers', due === '' ? undefined : due],
  ];
}

function handlingText(stats: NonNullable<ActorView['stats']>): string {
  const rest = `longest ${showFineDuration(stats.longest_ms)}, ${showDuration(stats.busy_ms)} in all`;
  // Timers and callbacks take time as well, without a message.
  if (stats.messages_in === 0) return rest;
  const { handle_p50_ms: p50Ms, handle_p99_ms: p99Ms } = stats;
  return `p50 up to ${showFineDuration(p50Ms)}, p99 up to ${showFineDuration(p99Ms)}, ${rest}`;
}

function restartText(actor: ActorView, nowMs: number): string {
  const { restarts, stats } = actor;
  const last = actor.last_restart_at ? `, last ${showMoment(actor.last_restart_at, nowMs)}` : '';
  const window = restarts > 0 && stats ? ` (${stats.restarts_in_window} in the window)` : '';
  return `${safeText(actor.restart)}, ${plural(restarts, 'restart')}${window}${last}`;
}

function placeText({ isolation, worker, stats }: ActorView): string {
  const heap = worker?.heap_bytes ?? stats?.heap_bytes;
  const busy = worker?.utilization;
  return [
    safeText(isolation),
    ...(heap === undefined ? [] : [`heap ${showBytes(heap)}`]),
    ...(busy === undefined ? [] : [`busy ${Math.round(busy * 100)} %`]),
  ].join(', ');
}

function mailboxText(mailbox: NonNullable<ActorView['stats']>['mailbox']): string {
  const { count, bytes, high_water: most, oldest_age_ms: ageMs } = mailbox;
  const oldest = count > 0 ? `, the oldest for ${showFineDuration(ageMs)}` : '';
  const size = bytes > 0 ? `, ${showBytes(bytes)}` : '';
  return `${showCount(count)} waiting${oldest}${size}, at most ${showCount(most)}`;
}

function linksText({ links = [], monitored_by: monitors = 0 }: ActorView): string | undefined {
  const watched = monitors > 0 ? [`monitored by ${showCount(monitors)}`] : [];
  const parts = [...links.map(safeText), ...watched];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function listText(names: readonly string[] | undefined): string | undefined {
  return names && names.length > 0 ? names.map(safeText).join(', ') : undefined;
}
