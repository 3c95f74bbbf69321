import { actorLines } from '../actor-lines.ts';
import { crashReport, crashTable } from '../crash-lines.ts';
import { safeText } from '../safe-text.ts';
import { createStyle } from '../style.ts';
import type { Style } from '../style.ts';
import { padRight, shortenEnd } from '../text-width.ts';
import { topHeader, topWarning } from './top-header.ts';
import { TOP_KEYS } from './top-help.ts';
import { actorWidthOf, topHeading, topRowLine } from './top-table.ts';
import type { TopTableLook } from './top-table.ts';
import { selectedIndex, visibleRows } from './top-state.ts';
import type { TopState, TopView } from './top-state.ts';

/** The size of the terminal, and how to paint on it. */
export interface ScreenLook {
  columns: number;
  rows: number;
  style: Style;
  nowMs: number;
}

/** The screen in three parts, so that the middle one takes what is left. */
export interface TopScreen {
  header: string[];
  body: string[];
  footer: string;
  /** Lines of the body that can be seen at once, and how far it can be scrolled. */
  pageRows: number;
  scrollMax: number;
}

/** Header, warning, heading and footer. */
const FIXED_ROWS = 6;
const PLAIN = createStyle(false);

/** The whole picture: each line fits the terminal and has no control characters but colours. */
export function topScreen(state: TopState, look: ScreenLook): TopScreen {
  const { style, columns, rows } = look;
  const warning = topWarning(state);
  const header = [
    ...topHeader(state, look),
    warning === undefined ? '' : style.yellow(shortenEnd(safeText(warning), columns)),
  ];
  const pageRows = Math.max(1, rows - FIXED_ROWS);
  const { lines, scrollMax } = bodyOf(state, look, pageRows);
  return { header, body: lines, footer: footerOf(state, look), pageRows, scrollMax };
}

interface Body {
  lines: string[];
  scrollMax: number;
}

function bodyOf(state: TopState, look: ScreenLook, pageRows: number): Body {
  const { view } = state;
  const { style, nowMs, columns } = look;
  switch (view.name) {
    case 'actors':
      return { lines: tableBody(state, look, pageRows), scrollMax: 0 };
    case 'help':
      return scrolledBody(helpLines(style), 0, pageRows);
    case 'actor': {
      const lines = view.actor
        ? actorLines(view.actor, { style, nowMs })
        : [safeText(view.path), '', view.problem === undefined ? 'looking …' : ''];
      const problem = view.problem === undefined ? [] : [style.red(safeText(view.problem)), ''];
      return scrolledBody([...problem, ...lines], view.scroll, pageRows);
    }
    case 'crash':
      return scrolledBody(crashReport(view.crash, { style, nowMs }), view.scroll, pageRows);
    case 'crashes':
      return { lines: crashesBody(view, { style, nowMs, columns }, pageRows), scrollMax: 0 };
  }
}

function tableBody(state: TopState, screen: ScreenLook, pageRows: number): string[] {
  if (!state.frame) return ['', 'waiting for the daemon …'];
  const { sort, isReversed, ranking } = state;
  const look: TopTableLook = {
    style: screen.style,
    columns: screen.columns,
    sort,
    isReversed,
    ranking,
  };
  const rows = visibleRows(state);
  const selected = selectedIndex(state, rows);
  const start = pageStart(selected, pageRows, rows.length);
  const width = actorWidthOf(look, rows);
  const lines = rows
    .slice(start, start + pageRows)
    .map((row, index) => topRowLine(row, look, width, start + index === selected));
  if (rows.length === 0) lines.push('  no actor fits the filter');
  return [topHeading(look, width), ...lines];
}

function crashesBody(
  view: Extract<TopView, { name: 'crashes' }>,
  { style, nowMs, columns }: { style: Style; nowMs: number; columns: number },
  pageRows: number,
): string[] {
  if (view.problem !== undefined) return ['', style.red(safeText(view.problem))];
  if (!view.crashes) return ['', 'looking …'];
  if (view.crashes.length === 0) return ['', 'nothing has crashed'];
  const plain = { style: PLAIN, nowMs };
  const [heading = '', ...lines] = crashTable(view.crashes, plain).map((line, index) =>
    padRight(shortenEnd(`${index - 1 === view.selected ? '> ' : '  '}${line}`, columns), columns),
  );
  const start = pageStart(view.selected, pageRows, lines.length);
  const shown = lines
    .slice(start, start + pageRows)
    .map((line, index) => (start + index === view.selected ? style.inverse(line) : line));
  return [style.bold(heading), ...shown];
}

/** Keeps the chosen line on the page, in its middle where there is more on both sides. */
function pageStart(selected: number, pageRows: number, count: number): number {
  const middle = selected - Math.floor(pageRows / 2);
  return Math.max(0, Math.min(middle, count - pageRows));
}

function scrolledBody(lines: string[], scroll: number, pageRows: number): Body {
  // These views have no heading: one line more.
  const page = pageRows + 1;
  const scrollMax = Math.max(0, lines.length - page);
  const start = Math.min(scroll, scrollMax);
  return { lines: lines.slice(start, start + page), scrollMax };
}

function helpLines(style: Style): string[] {
  const keys = TOP_KEYS.map(([key, meaning]) => `  ${padRight(key, 24)}${meaning}`);
  return [style.bold('Keys'), '', ...keys];
}

function footerOf(state: TopState, { style, columns }: ScreenLook): string {
  const { asked, view, rows } = state;
  if (asked) {
    const question = `${asked.action} ${safeText(asked.path)}?  y yes  n no`;
    return style.yellow(shortenEnd(question, columns));
  }
  if (state.isFiltering) return shortenEnd(`/${safeText(state.filter)}_`, columns);
  const left =
    view.name === 'actors'
      ? [positionText(state, rows.length), 'q quit  ? keys  enter look in  / filter  c crashes']
      : [keysOf(view, state)];
  return style.dim(shortenEnd(left.join('  '), columns));
}

function positionText(state: TopState, count: number): string {
  const omitted = state.frame?.omitted ?? 0;
  const ranking =
    state.ranking === 'total' ? 'totals' : `last ${Math.round(state.windowMs / 1_000)} s`;
  return [
    omitted > 0 ? `${count} of ${count + omitted} actors` : `${count} actors`,
    ranking,
    ...(state.isPaused ? ['PAUSED'] : []),
    ...(state.filter === '' ? [] : [`/${safeText(state.filter)}`]),
    '·',
  ].join('  ');
}

function keysOf(view: TopView, state: TopState): string {
  if (view.name === 'actor') {
    const writes = state.peer?.canWrite
      ? 'k kill  R restart  s suspend  u resume'
      : 'read only: no debug.write';
    return `esc back  up/down scroll  ${writes}  q quit`;
  }
  if (view.name === 'crashes') return 'esc back  enter the report  c look again  q quit';
  return view.name === 'help' ? 'any key goes back' : 'esc back  up/down scroll  q quit';
}
