import type { TopFrameView } from '../../protocol/debug/actor-views.ts';
import { terminalColumns } from '../cli-io.ts';
import { followDebug, streamDebug } from '../debug-stream.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { FrameWindow } from './frame-window.ts';
import { topHeader, topWarning } from './top-header.ts';
import { withFrame, withPeer } from './top-news.ts';
import type { TopSessionOptions } from './top-session.ts';
import { initialTop, visibleRows } from './top-state.ts';
import type { TopState } from './top-state.ts';
import { actorWidthOf, topHeading, topRowLine } from './top-table.ts';

/** One plain table, as soon as there is a whole window of frames. */
export async function printOnce(
  choices: TopSessionOptions,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<void> {
  const window = new FrameWindow(choices.windowMs);
  const done = new AbortController();
  // The table is sorted here: the daemon's own choice may be another.
  const { limit, intervalMs } = choices;
  let state = initialTop(choices);
  await streamDebug(
    invocation,
    {
      verb: 'top',
      params: { interval_ms: intervalMs },
      onConnected: async (debug) => {
        const { version, pid, write } = await debug.call('hello', {});
        state = withPeer(state, { version, pid, canWrite: write });
      },
      onEvent: async (frame) => {
        window.push(frame);
        state = withFrame(state, frame, window);
        const isEnough = choices.ranking === 'total' || window.spanMs >= choices.windowMs * 0.9;
        if (isEnough) done.abort();
      },
    },
    AbortSignal.any([signal, done.signal]),
  );
  if (state.frame) await invocation.out.lines(plainLines(state, limit, invocation));
}

function plainLines(state: TopState, limit: number | undefined, invocation: Invocation): string[] {
  const { io, style } = invocation;
  const columns = terminalColumns(io.stdout);
  const { sort, isReversed, ranking } = state;
  const look = { style, columns, sort, isReversed, ranking };
  const rows = visibleRows(state).slice(0, limit);
  const width = actorWidthOf(look, rows);
  const warning = topWarning(state);
  return [
    ...topHeader(state, { style, columns, nowMs: io.nowMs() }),
    ...(warning === undefined ? [] : [style.yellow(safeText(warning))]),
    '',
    topHeading(look, width),
    ...rows.map((row) => topRowLine(row, look, width, false)),
  ];
}

/** A frame per line, as the daemon sends it. */
export async function streamFrames(
  { intervalMs, limit }: TopSessionOptions,
  isOnce: boolean,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<void> {
  const { out } = invocation;
  const done = new AbortController();
  await followDebug(
    invocation,
    () => ({
      verb: 'top',
      params: { interval_ms: intervalMs, ...(limit !== undefined && { limit }) },
      onEvent: async (frame: TopFrameView) => {
        if (done.signal.aborted) return;
        await out.json(frame);
        await out.flush();
        if (isOnce) done.abort();
      },
    }),
    {
      onGap: (isBack) =>
        invocation.note(isBack ? 'the daemon is back' : 'the daemon went away; waiting for it'),
    },
    AbortSignal.any([signal, done.signal]),
  );
}
