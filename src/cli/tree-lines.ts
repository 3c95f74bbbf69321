import type { TreeNodeView } from '../protocol/debug/tree-views.ts';
import { plural, showDuration } from './amounts.ts';
import { showMoment } from './clock-text.ts';
import { safeText } from './safe-text.ts';
import { paintState } from './state-paint.ts';
import type { Style } from './style.ts';
import { padRight, shortenEnd, textWidth } from './text-width.ts';

interface TreeRow {
  /** Branches and name. */
  label: string;
  state: string;
  rest: string;
}

const LABEL_MIN_WIDTH = 28;
const GAP = 3;

/** The picture of `codi tree`. */
export function treeLines(
  root: TreeNodeView,
  options: { style: Style; nowMs: number; columns: number | undefined },
): string[] {
  const { style, columns } = options;
  const rows: TreeRow[] = [];
  addRows(root, root.path, '', '', rows, options.nowMs);
  const labelWidth = Math.max(LABEL_MIN_WIDTH, ...rows.map((row) => textWidth(row.label) + 2));
  const stateWidth = Math.max(7, ...rows.map((row) => textWidth(row.state))) + GAP;
  return rows.map((row) => {
    const state = row.rest === '' ? row.state : padRight(row.state, stateWidth);
    const head = padRight(row.label, labelWidth);
    const space = columns === undefined ? undefined : columns - labelWidth - textWidth(state);
    const rest = space === undefined ? row.rest : shortenEnd(row.rest, space);
    return head + paintState(row.state, style)(state) + style.dim(rest);
  });
}

function addRows(
  node: TreeNodeView,
  name: string,
  branch: string,
  indent: string,
  rows: TreeRow[],
  nowMs: number,
): void {
  rows.push({
    label: branch + safeText(name),
    state: safeText(node.state),
    rest: about(node, nowMs),
  });
  node.children.forEach((child, index) => {
    const isLast = index === node.children.length - 1;
    const childName = nameOf(child, node);
    addRows(
      child,
      childName,
      `${indent}${isLast ? '└─ ' : '├─ '}`,
      `${indent}${isLast ? '   ' : '│  '}`,
      rows,
      nowMs,
    );
  });
}

/** An id may contain slashes: it is what is left of the path behind the parent's. */
export function nameOf(child: TreeNodeView, parent: TreeNodeView): string {
  const prefix = `${parent.path}/`;
  return child.path.startsWith(prefix) ? child.path.slice(prefix.length) : child.path;
}

function about(node: TreeNodeView, nowMs: number): string {
  const parts: string[] = [];
  if (node.strategy === 'dynamic') {
    parts.push(plural(node.children.length, 'child', 'children'));
  } else if (node.strategy) parts.push(node.strategy);
  if (node.isolation && node.isolation !== 'inline') parts.push(node.isolation);
  if (node.note) parts.push(safeText(node.note));
  if (node.path === 'root') parts.push(showDuration(node.uptime_ms));
  if (node.restarts > 0) {
    const when = node.last_restart_at ? `, ${showMoment(node.last_restart_at, nowMs)}` : '';
    parts.push(`${plural(node.restarts, 'restart')}${when}`);
  }
  return parts.join('   ');
}
