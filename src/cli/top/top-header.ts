import type { TopFrameView } from '../../protocol/debug/actor-views.ts';
import { plural, showBytes, showCount, showDuration, showFineDuration } from '../amounts.ts';
import { showClock } from '../clock-text.ts';
import { stalenessText } from '../freshness.ts';
import { safeText } from '../safe-text.ts';
import type { Style } from '../style.ts';
import { padLeft, shortenEnd, textWidth } from '../text-width.ts';
import type { TopState } from './top-state.ts';

const GAP = '  ';

interface HeaderLook {
  style: Style;
  /** Undefined on a pipe: nothing is shortened there. */
  columns: number | undefined;
  nowMs: number;
}

/** How the daemon is, in three lines: itself, its memory and load, its main thread. */
export function topHeader(state: TopState, look: HeaderLook): string[] {
  const { style, columns } = look;
  const { frame } = state;
  if (!frame) return ['codi top', '', ''];
  const fit = (text: string) => (columns === undefined ? text : shortenEnd(text, columns));
  return [
    titleLine(state, frame, look),
    style.dim(fit(loadText(frame, state.cpuShare))),
    style.dim(fit(threadText(frame))),
  ];
}

/** What must be known before the numbers are believed; undefined when all is as it seems. */
export function topWarning(state: TopState): string | undefined {
  if (state.peer && !state.isConnected) return 'the daemon went away; waiting for it';
  const stale = state.frame && stalenessText(state.frame);
  return stale ?? state.notice;
}

function titleLine(state: TopState, frame: TopFrameView, look: HeaderLook): string {
  const { style, columns, nowMs } = look;
  const { peer } = state;
  const { service } = frame;
  const health = service.state === 'healthy' ? style.green : style.yellow;
  const plain = [
    `codi ${peer ? safeText(peer.version) : '?'}`,
    `pid ${peer?.pid ?? '?'}`,
    `up ${showDuration(frame.process.uptime_ms)}`,
    plural(service.clients, 'client'),
    plural(service.files, 'file'),
  ].join(GAP);
  const word = `● ${safeText(service.state)}`;
  const clock = showClock(frame.at, nowMs);
  const left = `${health(word)}${GAP}${plain}`;
  if (columns === undefined) return `${left}${GAP}${clock}`;
  const space = columns - textWidth(word) - GAP.length - clock.length - 1;
  const shown = shortenEnd(plain, space);
  return `${health(word)}${GAP}${shown}${padLeft(clock, columns - textWidth(word) - GAP.length - textWidth(shown))}`;
}

function loadText({ process: main, service }: TopFrameView, cpuShare: number | undefined): string {
  const cpu = cpuShare === undefined ? [] : [`cpu ${Math.round(cpuShare * 100)} %`];
  const wal = service.wal_bytes === undefined ? [] : [`wal ${showBytes(service.wal_bytes)}`];
  return [
    `rss ${showBytes(main.rss_bytes)}`,
    `heap ${showBytes(main.heap_used_bytes)} of ${showBytes(main.heap_limit_bytes)}`,
    ...cpu,
    ...(main.threads === undefined ? [] : [plural(main.threads, 'thread')]),
    ...wal,
  ].join(GAP);
}

function threadText({ process: main, service }: TopFrameView): string {
  return [
    `event loop delay p50 ${showFineDuration(main.event_loop_p50_ms)}` +
      `, p99 ${showFineDuration(main.event_loop_p99_ms)}`,
    `busy ${Math.round(main.event_loop_utilization * 100)} %`,
    `${showCount(service.entries_per_second)} entries/s`,
  ].join(GAP);
}
