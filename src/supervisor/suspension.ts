import type { Timer } from './clock.ts';
import type { Report } from './report.ts';
import type { Runtime } from './runtime.ts';

/** How long an operator may hold an actor. */
export const SUSPEND_LIMIT_MS = 60 * 60_000;
export const SUSPEND_DEFAULT_MS = 60_000;

type Why = Extract<Report, { kind: 'resumed' }>['why'];

/** An actor held still by an operator, for a limited time; ends with the incarnation. */
export class Suspension {
  readonly #path: string;
  readonly #runtime: Runtime;
  readonly #onEnd: () => void;
  #timer: Timer | undefined;
  #untilMs = 0;

  constructor(path: string, runtime: Runtime, onEnd: () => void) {
    this.#path = path;
    this.#runtime = runtime;
    this.#onEnd = onEnd;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Wall time of its end by itself, Unix milliseconds. */
  get untilMs(): number | undefined {
    return this.isOn ? this.#untilMs : undefined;
  }

  /** Again while it is on: only the time counts anew. */
  begin(ttlMs: number): void {
    const { clock } = this.#runtime.environment;
    const limitedMs = Math.min(ttlMs, SUSPEND_LIMIT_MS);
    const wasOn = this.isOn;
    if (this.#timer) clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.end('expired'), limitedMs);
    this.#untilMs = clock.nowMs() + limitedMs;
    if (!wasOn) this.#runtime.report({ kind: 'suspended', path: this.#path, ttlMs: limitedMs });
  }

  end(why: Why): void {
    if (!this.#timer) return;
    this.#runtime.environment.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#runtime.report({ kind: 'resumed', path: this.#path, why });
    this.#onEnd();
  }
}
