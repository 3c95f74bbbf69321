import type { ActorLog, TraceSink } from './actor-log.ts';
import type { Clock } from './clock.ts';
import type { Outcome } from './flight-recorder.ts';
import { pathPattern } from './path-pattern.ts';
import { TraceSession } from './trace-session.ts';

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
  /**
   * With so many events it is off until the second is over: what follows a storm costs no more than this, however
   * hard it blows. What was skipped is counted. Default: no such limit.
   */
  perSecond?: number;
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

/** All running traces of a system. Actors that no trace follows at the moment carry no sink and pay nothing. */
export class Tracer {
  readonly #clock: Clock;
  readonly #actors: () => Iterable<Traced>;
  readonly #sessions = new Set<TraceSession>();

  constructor(clock: Clock, actors: () => Iterable<Traced>) {
    this.#clock = clock;
    this.#actors = actors;
  }

  start(
    options: TraceOptions,
    listener: (event: TraceEvent) => void,
    onEnd?: (why: TraceEnd, events: number, skipped: number) => void,
  ): TraceResult {
    const { limit, forMs, pattern, accepts, perSecond = Infinity } = options;
    const isValid = limit >= 1 && forMs > 0 && pattern !== '' && perSecond >= 1;
    if (!isValid) return { ok: false, error: 'invalid' };
    if (this.#sessions.size >= TRACES_LIMIT) return { ok: false, error: 'too_many' };
    const session: TraceSession = new TraceSession(
      {
        pattern: pathPattern(pattern),
        limit: Math.min(limit, TRACE_EVENTS_LIMIT),
        forMs: Math.min(forMs, TRACE_LIMIT_MS),
        perSecond,
      },
      {
        clock: this.#clock,
        actors: this.#actors,
        accepts: (event) => accepts?.(event) !== false,
        onEvent: listener,
        onSwitch: () => this.#attachAll(),
        onEnd: (why, events, skipped) => {
          this.#sessions.delete(session);
          this.#attachAll();
          onEnd?.(why, events, skipped);
        },
      },
    );
    this.#sessions.add(session);
    this.#attachAll();
    return { ok: true, stop: () => session.end('stopped') };
  }

  /** Gives an actor the sink that the running traces ask for. */
  attach(actor: Traced): void {
    const sessions = [...this.#sessions].filter((session) => session.follows(actor));
    actor.log.sink = sessions.length === 0 ? undefined : new Sink(actor, sessions, this.#clock);
  }

  #attachAll(): void {
    for (const actor of this.#actors()) this.attach(actor);
  }
}

class Sink implements TraceSink {
  readonly #actor: Traced;
  readonly #sessions: readonly TraceSession[];
  readonly #clock: Clock;

  constructor(actor: Traced, sessions: readonly TraceSession[], clock: Clock) {
    this.#actor = actor;
    this.#sessions = sessions;
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
    for (const session of this.#sessions) {
      const { seq } = session;
      session.emit({
        seq,
        at,
        path,
        epoch,
        kind: 'handled',
        type,
        waitMs,
        handleMs,
        outcome,
        state,
      });
    }
  }

  sent(to: string, type: string, result: string): void {
    const { path, epoch } = this.#actor;
    const at = this.#clock.nowMs();
    for (const session of this.#sessions) {
      session.emit({ seq: session.seq, at, path, epoch, kind: 'sent', type, to, result });
    }
  }
}
