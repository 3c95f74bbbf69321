import type { Clock, Timer } from './clock.ts';
import type { PathPattern } from './path-pattern.ts';
import type { Traced, TraceEnd, TraceEvent } from './trace.ts';

const SECOND_MS = 1_000;

export interface TraceBounds {
  pattern: PathPattern;
  limit: number;
  forMs: number;
  perSecond: number;
}

export interface TraceHooks {
  clock: Clock;
  actors(): Iterable<Traced>;
  /** Whether it is wanted. Both may throw, which ends the trace. */
  accepts(event: TraceEvent): boolean;
  onEvent(event: TraceEvent): void;
  /** It has been switched off for the rest of a second, or on again. */
  onSwitch(): void;
  onEnd(why: TraceEnd, events: number, skipped: number): void;
}

/** One running trace and its three limits: events in all, time, and events a second. */
export class TraceSession {
  readonly #bounds: TraceBounds;
  readonly #hooks: TraceHooks;
  readonly #deadline: Timer;
  #tick: Timer;
  #events = 0;
  #ofSecond = 0;
  #skipped = 0;
  /** Messages its actors had handled and sent when it was switched off; undefined while it is on. */
  #offSince: number | undefined;
  #hasEnded = false;

  constructor(bounds: TraceBounds, hooks: TraceHooks) {
    this.#bounds = bounds;
    this.#hooks = hooks;
    this.#deadline = hooks.clock.setTimeout(() => this.end('expired'), bounds.forMs);
    this.#tick = hooks.clock.setTimeout(this.#nextSecond, SECOND_MS);
  }

  /** Number of the next event. */
  get seq(): number {
    return this.#events + 1;
  }

  follows(actor: Traced): boolean {
    return this.#offSince === undefined && this.#bounds.pattern.test(actor.path);
  }

  emit(event: TraceEvent): void {
    if (this.#hasEnded || this.#offSince !== undefined) return;
    try {
      if (!this.#hooks.accepts(event)) return;
      this.#events += 1;
      this.#ofSecond += 1;
      this.#hooks.onEvent(event);
    } catch {
      this.end('failed');
      return;
    }
    if (this.#events >= this.#bounds.limit) this.end('limit');
    else if (this.#ofSecond >= this.#bounds.perSecond) {
      this.#offSince = this.#messages();
      this.#hooks.onSwitch();
    }
  }

  end(why: TraceEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { clock, onEnd } = this.#hooks;
    clock.clearTimeout(this.#deadline);
    clock.clearTimeout(this.#tick);
    this.#countSkipped();
    try {
      onEnd(why, this.#events, this.#skipped);
    } catch {
      // Its own affair.
    }
  }

  readonly #nextSecond = (): void => {
    this.#tick = this.#hooks.clock.setTimeout(this.#nextSecond, SECOND_MS);
    this.#ofSecond = 0;
    if (this.#offSince === undefined) return;
    this.#countSkipped();
    this.#offSince = undefined;
    this.#hooks.onSwitch();
  };

  #countSkipped(): void {
    if (this.#offSince === undefined) return;
    // Actors that left the tree meanwhile took their numbers with them.
    this.#skipped += Math.max(0, this.#messages() - this.#offSince);
  }

  #messages(): number {
    let sum = 0;
    for (const { path, log } of this.#hooks.actors()) {
      if (this.#bounds.pattern.test(path)) sum += log.messagesIn + log.messagesOut;
    }
    return sum;
  }
}
