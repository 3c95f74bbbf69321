import type { ActorView, TopFrameView } from '../../protocol/debug/actor-views.ts';
import type { CrashView } from '../../protocol/debug/report-views.ts';
import { filterRows, sortRows } from './top-rows.ts';
import type { Ranking, SortKey, TopRow } from './top-rows.ts';

/** What the daemon said of itself when the connection began. */
export interface TopPeer {
  version: string;
  pid: number;
  canWrite: boolean;
}

export const ACTIONS = ['kill', 'restart', 'suspend', 'resume'] as const;
export type TopAction = (typeof ACTIONS)[number];

/** Where the person is. */
export type TopView =
  | { name: 'actors' }
  | { name: 'actor'; path: string; actor?: ActorView; problem?: string; scroll: number }
  | CrashesView
  | { name: 'crash'; crash: CrashView; scroll: number; from: CrashesView }
  | { name: 'help'; from: TopView };

export interface CrashesView {
  name: 'crashes';
  crashes?: readonly CrashView[];
  problem?: string;
  selected: number;
}

/** All that the full-screen view shows; changed only by the functions of `top-keys` and `top-news`. */
export interface TopState {
  peer: TopPeer | undefined;
  /** The frame that is shown, and its rows; both stand still while paused. */
  frame: TopFrameView | undefined;
  rows: readonly TopRow[];
  cpuShare: number | undefined;
  windowMs: number;
  ranking: Ranking;
  sort: SortKey;
  isReversed: boolean;
  filter: string;
  isFiltering: boolean;
  isPaused: boolean;
  selectedPath: string | undefined;
  view: TopView;
  /** Asked before a write. */
  asked: { action: TopAction; path: string } | undefined;
  /** What happened last, or why nothing comes; shown until the next key. */
  notice: string | undefined;
  isConnected: boolean;
  /** Rows of actors on the screen: what a page is. */
  pageRows: number;
  /** How far a text that is longer than the screen can be scrolled. */
  scrollMax: number;
}

export interface TopChoices {
  sort: SortKey;
  ranking: Ranking;
  windowMs: number;
  filter: string;
}

export function initialTop(choices: TopChoices): TopState {
  return {
    ...choices,
    peer: undefined,
    frame: undefined,
    rows: [],
    cpuShare: undefined,
    isReversed: false,
    isFiltering: false,
    isPaused: false,
    selectedPath: undefined,
    view: { name: 'actors' },
    asked: undefined,
    notice: undefined,
    isConnected: false,
    pageRows: 10,
    scrollMax: 0,
  };
}

/** The rows as they stand in the table. */
export function visibleRows(state: TopState): TopRow[] {
  return sortRows(filterRows(state.rows, state.filter), state.sort, state.isReversed);
}

/** Where the chosen actor stands among the visible rows; the first when it is not among them. */
export function selectedIndex(state: TopState, rows: readonly TopRow[]): number {
  return Math.max(
    0,
    rows.findIndex((row) => row.path === state.selectedPath),
  );
}
