import type { ActorLog, TraceSink } from './actor-log.ts';
import type { Clock, Timer } from './clock.ts';
import type { Outcome } from './flight-recorder.ts';
import { pathPattern, type PathPattern } from './path-pattern.ts';

/** Traces at a time, events of one, and how long it may last. */
export const TRACES_LIMIT = 8;
export const TRACE_EVENTS_LIMIT = 100_000;
export const TRACE_LIMIT_MS = 10 * 60_000;

export interface TraceOptions {
  /** Paths of actors: `*` stands for anything but a slash, `**` for anything. */
  pattern: string;
  /** Ends by itself after this many events, and after this time. */
  limit: number;
  forMs: number;
  /** What it says no to is neither counted nor told. On the hot path. */
  accepts?(event: TraceEvent): boolean;
}

export type TraceEvent = { seq: number; at: number; path: string; epoch: number; type: string } & (
  | { kind: 'handled'; waitMs: number; handleMs: number; outcome: Outcome; state: string }
  | { kind: 'sent'; to: string; result: string }
);

export type TraceEnd = 'limit' | 'expired' | 'stopped' | 'failed';

export type TraceResult = { ok: true; stop(): void } | { ok: false; error: 'too_many' | 'invalid' };

/** What a trace needs of an actor. */
export interface Traced {
  readonly path: string;
  readonly epoch: number;
  readonly log: ActorLog;
  stateWord(): string;
}

interface Trace {
  pattern: PathPattern;
  /** Number of the next event. */
  next(): number;
  emit(event: TraceEvent): void;
}

/** All running traces of a system. Actors that no trace matches carry no sink and pay nothing. */
export class Tracer {
  readonly #clock: Clock;
  readonly #actors: () => Iterable<Traced>;
  readonly #traces = new Set<Trace>();

  constructor(clock: Clock, actors: () => Iterable<Traced>) {
    this.#clock = clock;
    this.#actors = actors;
  }

  start(
    options: TraceOptions,
    listener: (event: TraceEvent) => void,
    onEnd?: (why: TraceEnd, events: number) => void,
  ): TraceResult {
    const { pattern, limit, forMs } = options;
    if (!(limit >= 1 && forMs > 0 && pattern !== '')) return { ok: false, error: 'invalid' };
    if (this.#traces.size >= TRACES_LIMIT) return { ok: false, error: 'too_many' };
    const most = Math.min(limit, TRACE_EVENTS_LIMIT);
    let seq = 0;
    const end = (why: TraceEnd) => {
      if (!this.#traces.delete(trace)) return;
      this.#clock.clearTimeout(timer);
      for (const actor of this.#actors()) this.attach(actor);
      try {
        onEnd?.(why, seq);
      } catch {
        // Its own affair.
      }
    };
    const trace: Trace = {
      pattern: pathPattern(pattern),
      next: () => seq + 1,
      emit: (event) => {
        if (seq >= most) return;
        try {
          if (options.accepts?.(event) === false) return;
          seq = event.seq;
          listener(event);
        } catch {
          end('failed');
          return;
        }
        if (seq >= most) end('limit');
      },
    };
    const timer: Timer = this.#clock.setTimeout(
      () => end('expired'),
      Math.min(forMs, TRACE_LIMIT_MS),
    );
    this.#traces.add(trace);
    for (const actor of this.#actors()) this.attach(actor);
    return { ok: true, stop: () => end('stopped') };
  }

  /** Gives an actor the sink that the running traces ask for. */
  attach(actor: Traced): void {
    const traces = [...this.#traces].filter(({ pattern }) => pattern.test(actor.path));
    actor.log.sink = traces.length === 0 ? undefined : new Sink(actor, traces, this.#clock);
  }
}

class Sink implements TraceSink {
  readonly #actor: Traced;
  readonly #traces: readonly Trace[];
  readonly #clock: Clock;

  constructor(actor: Traced, traces: readonly Trace[], clock: Clock) {
    this.#actor = actor;
    this.#traces = traces;
    this.#clock = clock;
  }

  handled(
    type: string,
    atMs: number,
    waitMs: number,
    handleMs: number,
    outcome: Outcome,
    toWallMs: number,
  ): void {
    const { path, epoch } = this.#actor;
    const state = this.#actor.stateWord();
    const at = toWallMs + atMs;
    for (const trace of this.#traces) {
      const seq = trace.next();
      trace.emit({ seq, at, path, epoch, kind: 'handled', type, waitMs, handleMs, outcome, state });
    }
  }

  sent(to: string, type: string, result: string): void {
    const { path, epoch } = this.#actor;
    const at = this.#clock.nowMs();
    for (const trace of this.#traces) {
      trace.emit({ seq: trace.next(), at, path, epoch, kind: 'sent', type, to, result });
    }
  }
}
