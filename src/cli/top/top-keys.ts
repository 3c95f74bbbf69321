import type { CrashView } from '../../protocol/debug/report-views.ts';
import type { SortKey } from './top-rows.ts';
import { selectedIndex, visibleRows } from './top-state.ts';
import type { TopAction, TopState, TopView } from './top-state.ts';

/** What a key asks for beyond a change of the state. */
export type TopEffect =
  | { type: 'quit' }
  | { type: 'lookAt'; path: string }
  | { type: 'lookForCrashes' }
  | { type: 'act'; action: TopAction; path: string };

export interface TopStep {
  state: TopState;
  effect?: TopEffect;
}

/** Keys that sort, in the order in which help lists them. */
export const SORT_BY_KEY: Readonly<Record<string, SortKey>> = {
  m: 'messages',
  b: 'busy',
  w: 'mailbox',
  r: 'restarts',
  h: 'memory',
  e: 'errors',
  n: 'name',
};

const ACTION_BY_KEY: Readonly<Record<string, TopAction>> = {
  k: 'kill',
  R: 'restart',
  s: 'suspend',
  u: 'resume',
};

/** Carries out one key: a character, or `up`, `down`, `pageUp`, `pageDown`, `home`, `end`, `enter`, `escape`, `backspace`. */
export function pressKey(before: TopState, key: string): TopStep {
  const state = before.notice === undefined ? before : { ...before, notice: undefined };
  if (state.asked) return answerQuestion(state, state.asked, key);
  if (state.isFiltering) return { state: editFilter(state, key) };
  if (key === 'q') return { state, effect: { type: 'quit' } };
  if (key === ' ') return { state: { ...state, isPaused: !state.isPaused } };
  const { view } = state;
  if (view.name === 'help') return { state: { ...state, view: view.from } };
  if (key === '?') return { state: { ...state, view: { name: 'help', from: view } } };
  if (view.name === 'actors') return pressInTable(state, key);
  if (key === 'escape' || key === 'left') return { state: { ...state, view: viewBefore(view) } };
  if (view.name === 'actor') return pressInActor(state, view, key);
  return pressInCrashes(state, view, key);
}

function answerQuestion(
  before: TopState,
  { action, path }: { action: TopAction; path: string },
  key: string,
): TopStep {
  const state = { ...before, asked: undefined };
  if (key === 'y' || key === 'Y') return { state, effect: { type: 'act', action, path } };
  return { state: { ...state, notice: 'nothing was done' } };
}

function editFilter(state: TopState, key: string): TopState {
  const { filter } = state;
  if (key === 'enter') return { ...state, isFiltering: false };
  if (key === 'escape') return { ...state, isFiltering: false, filter: '' };
  if (key === 'backspace') return { ...state, filter: [...filter].slice(0, -1).join('') };
  return [...key].length === 1 ? { ...state, filter: filter + key } : state;
}

function pressInTable(state: TopState, key: string): TopStep {
  const sort = Object.hasOwn(SORT_BY_KEY, key) ? SORT_BY_KEY[key] : undefined;
  if (sort) return { state: { ...state, sort, isReversed: false } };
  switch (key) {
    case 'i':
      return { state: { ...state, isReversed: !state.isReversed } };
    case 't':
      return { state: { ...state, ranking: state.ranking === 'window' ? 'total' : 'window' } };
    case '/':
      return { state: { ...state, isFiltering: true } };
    case 'escape':
      return { state: { ...state, filter: '' } };
    case 'c':
      return {
        state: { ...state, view: { name: 'crashes', selected: 0 } },
        effect: { type: 'lookForCrashes' },
      };
    case 'enter':
    case 'right':
      return enterActor(state);
    default:
      return { state: moveSelection(state, key) };
  }
}

function enterActor(state: TopState): TopStep {
  const rows = visibleRows(state);
  const path = rows[selectedIndex(state, rows)]?.path;
  if (path === undefined) return { state };
  const view: TopView = { name: 'actor', path, scroll: 0 };
  return { state: { ...state, selectedPath: path, view }, effect: { type: 'lookAt', path } };
}

function moveSelection(state: TopState, key: string): TopState {
  const rows = visibleRows(state);
  const index = moved(selectedIndex(state, rows), key, state.pageRows, rows.length);
  return { ...state, selectedPath: rows[index]?.path };
}

function pressInActor(
  state: TopState,
  view: Extract<TopView, { name: 'actor' }>,
  key: string,
): TopStep {
  const action = Object.hasOwn(ACTION_BY_KEY, key) ? ACTION_BY_KEY[key] : undefined;
  if (!action) {
    return { state: { ...state, view: { ...view, scroll: scrolled(view.scroll, key, state) } } };
  }
  if (state.peer?.canWrite !== true) {
    return { state: { ...state, notice: 'this daemon takes no changes: start it with `codi up`' } };
  }
  return { state: { ...state, asked: { action, path: view.path } } };
}

function pressInCrashes(
  state: TopState,
  view: Extract<TopView, { name: 'crashes' | 'crash' }>,
  key: string,
): TopStep {
  if (view.name === 'crash') {
    return { state: { ...state, view: { ...view, scroll: scrolled(view.scroll, key, state) } } };
  }
  const crashes: readonly CrashView[] = view.crashes ?? [];
  const crash = crashes[view.selected];
  if ((key === 'enter' || key === 'right') && crash) {
    const shown: TopView = { name: 'crash', crash, scroll: 0, from: view };
    return { state: { ...state, view: shown } };
  }
  if (key === 'c') return { state, effect: { type: 'lookForCrashes' } };
  const selected = moved(view.selected, key, state.pageRows, crashes.length);
  return { state: { ...state, view: { ...view, selected } } };
}

function viewBefore(view: TopView): TopView {
  return view.name === 'crash' ? view.from : { name: 'actors' };
}

function scrolled(scroll: number, key: string, state: TopState): number {
  return moved(scroll, key, state.pageRows, state.scrollMax + 1);
}

function moved(index: number, key: string, page: number, count: number): number {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    pageUp: -page,
    pageDown: page,
    home: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
  };
  const step = Object.hasOwn(steps, key) ? (steps[key] ?? 0) : 0;
  return Math.max(0, Math.min(index + step, Math.max(0, count - 1)));
}
