import type { CrashErrorView, CrashView } from '../protocol/debug/report-views.ts';
import { plural, showCount, showDuration } from './amounts.ts';
import { showMoment } from './clock-text.ts';
import { errorText } from './error-text.ts';
import { headerLines } from './header-lines.ts';
import { jsonLines } from './json-lines.ts';
import { labelledLines } from './labelled-lines.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';
import { tableLines } from './table.ts';

const ID_WIDTH = 12;

interface CrashLinesOptions {
  style: Style;
  nowMs: number;
}

/** Crashes of the same kind in one line each. */
export function crashTable(crashes: readonly CrashView[], options: CrashLinesOptions): string[] {
  const { style, nowMs } = options;
  const columns = [
    { title: 'ID' },
    { title: 'LAST' },
    { title: 'TIMES', align: 'right' as const },
    { title: 'ACTOR' },
    { title: 'WHY' },
  ];
  const rows = crashes.map((crash) => [
    shortId(crash),
    showMoment(crash.last_at, nowMs),
    showCount(crash.count),
    safeText(crash.path),
    crash.error ? errorText(crash.error) : safeText(crash.reason),
  ]);
  return tableLines(columns, rows, style.dim);
}

/** As much of the fingerprint as `--show` needs. */
export function shortId(crash: CrashView): string {
  return safeText(crash.fingerprint.slice(0, ID_WIDTH));
}

/** The whole report, in the order in which a person asks: who, why, in which message, with whom. */
export function crashReport(crash: CrashView, options: CrashLinesOptions): string[] {
  const { style, nowMs } = options;
  const { unread, recent, machine, error } = crash;
  const dates = `${showMoment(crash.last_at, nowMs)}${
    crash.count > 1
      ? `; ${plural(crash.count, 'time')} in all, first ${showMoment(crash.first_at, nowMs)}`
      : ''
  }`;
  return [
    `${style.bold(safeText(crash.path))} ${style.red('crashed')}   ${safeText(crash.pid)}`,
    ...labelledLines(
      [
        ['when', dates],
        ['id', safeText(crash.fingerprint)],
        ['reason', safeText(crash.reason)],
        ['error', error && errorChain(error)],
        ['message', safeText(crash.message ?? 'none: a timer, a callback or its start')],
        ['state', machine && `${safeText(machine.state)} (${safeText(machine.status)})`],
        ['lived', `${showDuration(crash.uptime_ms)}, ${plural(crash.messages_handled, 'message')}`],
        ['restarts', `${showCount(crash.restarts)} before it`],
        ['runs in', safeText(crash.isolation)],
        ['below', listText(crash.ancestors)],
        ['links', listText(crash.links)],
        ['monitors', crash.monitored_by > 0 ? showCount(crash.monitored_by) : undefined],
        ['neighbours', neighbourTexts(crash)],
        ['unread', unreadText(unread)],
        ['context', machine && jsonLines(machine.context)],
        ['stack', error?.stack === undefined ? undefined : stackLines(error.stack)],
      ],
      style,
    ),
    ...(recent.length === 0 ? [] : ['', ...headerLines(recent, style)]),
  ];
}

function errorChain(error: CrashErrorView): string[] {
  const below = error.cause ? errorChain(error.cause).map((line) => `caused by ${line}`) : [];
  return [errorText(error), ...below];
}

/** Without its first line, which is the error itself. */
function stackLines(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s*at /.test(line))
    .map((line) => safeText(line.trim()));
}

function neighbourTexts({ neighbours }: CrashView): string[] | undefined {
  if (neighbours.length === 0) return undefined;
  return neighbours.map(
    ({ path, epoch, state, unread }) =>
      `${safeText(path)}#${epoch} ${safeText(state)}, ${showCount(unread)} unread`,
  );
}

function unreadText({ count, types }: CrashView['unread']): string {
  if (count === 0) return 'nothing';
  const more = count > types.length ? ', …' : '';
  return `${showCount(count)}: ${types.map(safeText).join(', ')}${more}`;
}

function listText(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map(safeText).join(', ');
}
