import type { LoneNodeView, TreeDeltaView } from '../protocol/debug/tree-views.ts';
import { showClock } from './clock-text.ts';
import { safeText } from './safe-text.ts';
import { paintState } from './state-paint.ts';
import type { Style } from './style.ts';
import { padRight } from './text-width.ts';

const KIND_WIDTH = 7;

/**
 * `14:02:31  changed  core/storage/ledger-writer  restarting  epoch 2  (crashed)`; undefined for a change that
 * shows nothing new to people.
 */
export function treeChangeLine(
  delta: TreeDeltaView,
  before: LoneNodeView | undefined,
  options: { style: Style; nowMs: number },
): string | undefined {
  const { style, nowMs } = options;
  const clock = style.dim(showClock(new Date(nowMs).toISOString(), nowMs));
  const kind = padRight(delta.kind, KIND_WIDTH);
  if (delta.kind === 'ordered') return undefined;
  if (delta.kind === 'removed') return `${clock}  ${style.dim(kind)}  ${safeText(delta.path)}`;
  const { node } = delta;
  if (before && isSameForPeople(before, node)) return undefined;
  const parts = [
    safeText(node.path),
    paintState(node.state, style)(safeText(node.state)),
    `epoch ${node.epoch}`,
    ...(node.note === undefined ? [] : [safeText(node.note)]),
    ...(isExitNews(before, node) ? [style.dim(`(${safeText(node.last_exit!.reason)})`)] : []),
  ];
  return `${clock}  ${kind}  ${parts.join('  ')}`;
}

function isSameForPeople(before: LoneNodeView, after: LoneNodeView): boolean {
  return before.state === after.state && before.epoch === after.epoch && before.note === after.note;
}

function isExitNews(before: LoneNodeView | undefined, after: LoneNodeView): boolean {
  return after.last_exit !== undefined && after.last_exit.at !== before?.last_exit?.at;
}
