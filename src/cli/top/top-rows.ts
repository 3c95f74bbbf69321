import type { TopFrameView } from '../../protocol/debug/actor-views.ts';
import type { FrameWindow } from './frame-window.ts';

/** By what the table can be sorted; `--sort` takes these. */
export const SORT_KEYS = [
  'messages',
  'busy',
  'mailbox',
  'restarts',
  'memory',
  'errors',
  'name',
] as const;

export type SortKey = (typeof SORT_KEYS)[number];

/** `window`: rates of the last seconds; `total`: since the daemon started. */
export type Ranking = 'window' | 'total';

/** One actor in the table. */
export interface TopRow {
  path: string;
  state: string;
  /** Per second in the window, or all. Undefined until there are two frames. */
  messages: number | undefined;
  /** Share of one core in the window (0 to 1), or milliseconds in all. */
  busy: number | undefined;
  mailbox: number;
  oldestMs: number;
  restarts: number | undefined;
  errors: number | undefined;
  heapBytes: number | undefined;
  p99Ms: number;
}

/** The rows of a frame, unsorted. */
export function topRows(frame: TopFrameView, window: FrameWindow, ranking: Ranking): TopRow[] {
  return frame.actors.map((actor) => {
    const change = ranking === 'window' ? window.changeOf(actor.path) : undefined;
    const isTotal = ranking === 'total';
    return {
      path: actor.path,
      state: actor.state,
      messages: isTotal
        ? actor.messages_in
        : change && (change.messages_in * 1_000) / change.durationMs,
      busy: isTotal ? actor.busy_ms : change && change.busy_ms / change.durationMs,
      mailbox: isTotal ? actor.mailbox.high_water : actor.mailbox.count,
      oldestMs: actor.mailbox.oldest_age_ms,
      restarts: isTotal ? actor.restarts : change?.restarts,
      errors: isTotal ? actor.errors : change?.errors,
      heapBytes: actor.heap_bytes,
      p99Ms: actor.handle_p99_ms,
    };
  });
}

const VALUE_OF: Readonly<Record<Exclude<SortKey, 'name'>, (row: TopRow) => number | undefined>> = {
  messages: (row) => row.messages,
  busy: (row) => row.busy,
  mailbox: (row) => row.mailbox,
  restarts: (row) => row.restarts,
  memory: (row) => row.heapBytes,
  errors: (row) => row.errors,
};

/** Largest first (names from a to z), and by path where the values are equal, so that rows stand still. */
export function sortRows(
  rows: readonly TopRow[],
  key: SortKey,
  isReversed: boolean = false,
): TopRow[] {
  const direction = isReversed ? -1 : 1;
  const byPath = (a: TopRow, b: TopRow) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  if (key === 'name') return rows.toSorted((a, b) => direction * byPath(a, b));
  const value = VALUE_OF[key];
  return rows.toSorted((a, b) => direction * ((value(b) ?? -1) - (value(a) ?? -1)) || byPath(a, b));
}

/** Rows whose path or state contains the text. */
export function filterRows(rows: readonly TopRow[], text: string): readonly TopRow[] {
  if (text === '') return rows;
  const wanted = text.toLowerCase();
  return rows.filter(
    ({ path, state }) => path.toLowerCase().includes(wanted) || state.toLowerCase() === wanted,
  );
}
