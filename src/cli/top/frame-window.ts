import type { ActorStatsView, TopFrameView } from '../../protocol/debug/actor-views.ts';

/** What of an actor is counted between two frames. */
type Totals = Pick<ActorStatsView, 'messages_in' | 'busy_ms' | 'restarts' | 'errors' | 'dropped'>;

/** A longer window than this is not kept. */
export const WINDOW_MAX_MS = 60_000;
/** Frames do not come to the millisecond. */
const SLACK_MS = 250;

interface Sample {
  atMs: number;
  cpuMs: number;
  actors: Map<string, Totals>;
}

/** The difference of an actor's counters within the window. */
export interface Change extends Totals {
  durationMs: number;
}

/** The frames of the last seconds: counters are totals, so rates are differences to an older frame. */
export class FrameWindow {
  readonly #windowMs: number;
  #samples: Sample[] = [];

  constructor(windowMs: number) {
    this.#windowMs = Math.min(windowMs, WINDOW_MAX_MS);
  }

  /** Adds a frame; one that is older than the last begins anew, one that is shown again changes nothing. */
  push(frame: TopFrameView): void {
    const last = this.#samples.at(-1);
    if (last?.atMs === frame.at_ms) return;
    if (last && frame.at_ms < last.atMs) this.#samples = [];
    this.#samples.push(sampleOf(frame));
    const startMs = frame.at_ms - this.#windowMs + SLACK_MS;
    // One frame at or before the start of the window is its base.
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= startMs) {
      this.#samples.shift();
    }
  }

  clear(): void {
    this.#samples = [];
  }

  /** How much of the window there is by now. */
  get spanMs(): number {
    const [first] = this.#samples;
    return first ? this.#samples.at(-1)!.atMs - first.atMs : 0;
  }

  /** Processor time of the whole process within the window, as a share of one core. */
  get cpuShare(): number | undefined {
    const [first] = this.#samples;
    if (!first || this.spanMs === 0) return undefined;
    return Math.max(0, this.#samples.at(-1)!.cpuMs - first.cpuMs) / this.spanMs;
  }

  /** Since the oldest frame that knows the actor; undefined with a single one. */
  changeOf(path: string): Change | undefined {
    const last = this.#samples.at(-1);
    const base = this.#samples.find((sample) => sample.actors.has(path));
    if (!last || !base || base === last) return undefined;
    const [now, then] = [last.actors.get(path), base.actors.get(path)!];
    if (!now) return undefined;
    const since = (key: keyof Totals) => Math.max(0, now[key] - then[key]);
    return {
      durationMs: last.atMs - base.atMs,
      messages_in: since('messages_in'),
      busy_ms: since('busy_ms'),
      restarts: since('restarts'),
      errors: since('errors'),
      dropped: since('dropped'),
    };
  }
}

function sampleOf(frame: TopFrameView): Sample {
  const actors = new Map(
    frame.actors.map(({ path, messages_in, busy_ms, restarts, errors, dropped }) => [
      path,
      { messages_in, busy_ms, restarts, errors, dropped },
    ]),
  );
  return { atMs: frame.at_ms, cpuMs: frame.process.cpu_ms, actors };
}
