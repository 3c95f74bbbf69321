import type { ReportView } from '../protocol/debug/report-views.ts';
import { showClock } from './clock-text.ts';
import { metadataText } from './row-lines.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';
import { padRight } from './text-width.ts';

const KIND_WIDTH = 14;
const BAD = new Set([
  'crash',
  'startFailed',
  'meltdown',
  'shutdownError',
  'unstopped',
  'unresponsive',
  'quarantined',
  'cleanupFailed',
]);
const PASSING = new Set([
  'childExited',
  'parked',
  'retrySlow',
  'suspended',
  'deadLetter',
  'mailboxDropped',
]);

/** `14:02:31  childRestarted  core/storage/ledger-writer  epoch=2 attempts=1` */
export function reportLine(report: ReportView, options: { style: Style; nowMs: number }): string {
  const { style, nowMs } = options;
  const kind = paintKind(report.kind, style)(padRight(safeText(report.kind), KIND_WIDTH));
  const detail = style.dim(metadataText(rounded(report.detail)));
  const clock = style.dim(showClock(report.at, nowMs));
  return [clock, kind, safeText(report.path), detail].filter((part) => part !== '').join('  ');
}

function paintKind(kind: string, style: Style): (text: string) => string {
  if (BAD.has(kind)) return style.red;
  return PASSING.has(kind) ? style.yellow : style.green;
}

/** Durations come with all their digits. */
function rounded(detail: unknown): unknown {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return detail;
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [
      key,
      typeof value === 'number' ? Number(value.toFixed(1)) : value,
    ]),
  );
}
