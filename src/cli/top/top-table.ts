import { showBytes, showCount, showFineDuration, showLargeCount } from '../amounts.ts';
import { safeText } from '../safe-text.ts';
import { paintState } from '../state-paint.ts';
import type { Style } from '../style.ts';
import { padLeft, padRight, shortenEnd, shortenMiddle } from '../text-width.ts';
import type { Ranking, SortKey, TopRow } from './top-rows.ts';

interface TopColumn {
  title: Record<Ranking, string>;
  width: number;
  sort?: SortKey;
  /** Shown only on a terminal of at least so many columns. */
  fromColumns: number;
  cell(row: TopRow, ranking: Ranking): string;
}

const STATE_WIDTH = 13;
const ACTOR_MIN_WIDTH = 20;
const UNKNOWN = '-';
const GAP = '  ';

const COLUMNS: readonly TopColumn[] = [
  {
    title: { window: 'MSG/S', total: 'MSGS' },
    width: 7,
    sort: 'messages',
    fromColumns: 0,
    cell: ({ messages }, ranking) =>
      messages === undefined
        ? UNKNOWN
        : ranking === 'total' || messages >= 9.95
          ? showLargeCount(messages)
          : messages.toFixed(1),
  },
  {
    title: { window: 'BUSY', total: 'BUSY' },
    width: 6,
    sort: 'busy',
    fromColumns: 0,
    cell: ({ busy }, ranking) =>
      busy === undefined
        ? UNKNOWN
        : ranking === 'total'
          ? showSeconds(busy)
          : `${(busy * 100).toFixed(busy < 0.0995 ? 1 : 0)} %`,
  },
  {
    title: { window: 'MAILBOX', total: 'MAX BOX' },
    width: 7,
    sort: 'mailbox',
    fromColumns: 0,
    cell: ({ mailbox }) => showLargeCount(mailbox),
  },
  {
    title: { window: 'RST', total: 'RST' },
    width: 4,
    sort: 'restarts',
    fromColumns: 0,
    cell: ({ restarts }) => (restarts === undefined ? UNKNOWN : showCount(restarts)),
  },
  {
    title: { window: 'HEAP', total: 'HEAP' },
    width: 7,
    sort: 'memory',
    fromColumns: 0,
    cell: ({ heapBytes }) => (heapBytes === undefined ? UNKNOWN : showBytes(heapBytes)),
  },
  {
    title: { window: 'P99', total: 'P99' },
    width: 8,
    fromColumns: 100,
    cell: ({ p99Ms }) => showFineDuration(p99Ms),
  },
  {
    title: { window: 'OLDEST', total: 'OLDEST' },
    width: 8,
    fromColumns: 110,
    cell: ({ oldestMs, mailbox }) => (mailbox > 0 ? showFineDuration(oldestMs) : UNKNOWN),
  },
  {
    title: { window: 'ERRORS', total: 'ERRORS' },
    width: 6,
    sort: 'errors',
    fromColumns: 90,
    cell: ({ errors }) => (errors === undefined ? UNKNOWN : showCount(errors)),
  },
];

/** Of one unit, so that the column stays narrow and can be compared. */
function showSeconds(durationMs: number): string {
  const seconds = durationMs / 1_000;
  return `${seconds < 9.995 ? seconds.toFixed(2) : showCount(seconds)} s`;
}

export interface TopTableLook {
  style: Style;
  /** Undefined on a pipe: nothing is shortened there. */
  columns: number | undefined;
  sort: SortKey;
  isReversed: boolean;
  ranking: Ranking;
}

/** The headings; the column that sorts is marked. */
export function topHeading(look: TopTableLook, actorWidth: number): string {
  const { style, sort, isReversed, ranking } = look;
  const arrow = isReversed ? '▲' : '▼';
  const mark = (title: string, key: SortKey | undefined) =>
    key === sort ? `${arrow}${title}` : title;
  const cells = columnsOf(look).map((column) =>
    padLeft(mark(column.title[ranking], column.sort), column.width),
  );
  const actor = padRight(sort === 'name' ? mark('ACTOR', 'name') : 'ACTOR', actorWidth);
  const text = ['', actor, padRight('STATE', STATE_WIDTH), ...cells].join(GAP);
  return style.bold(text.trimEnd());
}

/** A row; the chosen one has a mark that needs no colours. */
export function topRowLine(
  row: TopRow,
  look: TopTableLook,
  actorWidth: number,
  isSelected: boolean,
): string {
  const { style, ranking } = look;
  const path = padRight(shortenMiddle(safeText(row.path), actorWidth), actorWidth);
  const state = padRight(
    look.columns === undefined ? safeText(row.state) : shortenEnd(safeText(row.state), STATE_WIDTH),
    STATE_WIDTH,
  );
  const cells = columnsOf(look).map((column) => padLeft(column.cell(row, ranking), column.width));
  const rest = cells.join(GAP).trimEnd();
  if (isSelected) return style.inverse(`> ${[path, state, rest].join(GAP)}`);
  return `  ${[path, paintState(row.state, style)(state), rest].join(GAP)}`;
}

/** What is left for the paths; all they need on a pipe. */
export function actorWidthOf(look: TopTableLook, rows: readonly TopRow[]): number {
  const longest = Math.max(ACTOR_MIN_WIDTH, ...rows.map((row) => safeText(row.path).length));
  if (look.columns === undefined) return longest;
  const others = columnsOf(look).reduce((sum, { width }) => sum + width + GAP.length, 0);
  return Math.max(8, look.columns - others - STATE_WIDTH - 2 * GAP.length);
}

function columnsOf({ columns }: TopTableLook): readonly TopColumn[] {
  return COLUMNS.filter(({ fromColumns }) => columns === undefined || columns >= fromColumns);
}
