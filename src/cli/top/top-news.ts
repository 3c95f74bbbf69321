import type { ActorView, TopFrameView } from '../../protocol/debug/actor-views.ts';
import type { CrashView } from '../../protocol/debug/report-views.ts';
import type { FrameWindow } from './frame-window.ts';
import { topRows } from './top-rows.ts';
import type { TopPeer, TopState } from './top-state.ts';

// What the daemon's news do to the state.

/** A frame; while paused, what is shown stays. */
export function withFrame(state: TopState, frame: TopFrameView, window: FrameWindow): TopState {
  if (state.isPaused && state.frame) return state;
  return withRows({ ...state, frame }, window);
}

/** The rows anew: the ranking was changed, or a frame came. */
export function withRows(state: TopState, window: FrameWindow): TopState {
  if (!state.frame) return state;
  const rows = topRows(state.frame, window, state.ranking);
  return { ...state, rows, cpuShare: window.cpuShare };
}

export function withPeer(state: TopState, peer: TopPeer): TopState {
  const isBack = state.peer !== undefined && !state.isConnected;
  const notice = isBack ? `the daemon is back (pid ${peer.pid})` : state.notice;
  return { ...state, peer, isConnected: true, notice };
}

/** The daemon is gone: the last frame stays on the screen, and says so. */
export function withoutPeer(state: TopState): TopState {
  return { ...state, isConnected: false, asked: undefined };
}

/** An answer about the actor that is looked at; one about another comes too late. */
export function withActor(
  state: TopState,
  path: string,
  found: { actor: ActorView } | { problem: string },
): TopState {
  const { view } = state;
  if (view.name !== 'actor' || view.path !== path) return state;
  const { problem: _, ...rest } = view;
  return { ...state, view: { ...rest, ...found } };
}

export function withCrashes(
  state: TopState,
  found: { crashes: readonly CrashView[] } | { problem: string },
): TopState {
  const { view } = state;
  if (view.name !== 'crashes') return state;
  const { problem: _, ...rest } = view;
  return { ...state, view: { ...rest, ...found } };
}
