import { CodiError } from '../../protocol/errors.ts';
import { hasChanged, type RetentionReport, type RunTask } from './retention-run.ts';

const VAIN_REST_MS = 10_000;

export type RunOutcome = { ok: true; report: RetentionReport } | { ok: false; error: CodiError };

interface Asking {
  resolve(report: RetentionReport): void;
  reject(error: unknown): void;
}

/**
 * Where others ask for a run and see what the last one did; it stays the same over restarts of the actor
 * behind it. Whoever asks while a run is under way gets the next one, because this one may have passed by.
 */
export class RetentionDesk {
  #run: RunTask | undefined;
  #onAsked: (() => void) | undefined;
  #asking: Asking[] = [];
  #answering: Asking[] = [];
  #isPressed = false;
  #isRunning = false;
  #wasPressed = false;
  #vainAtMs: number | undefined;
  #segments = 0;
  #last: { outcome: RunOutcome; atMs: number } | undefined;

  get isAsked(): boolean {
    return this.#asking.length > 0 || this.#isPressed;
  }

  get last(): { outcome: RunOutcome; atMs: number } | undefined {
    return this.#last;
  }

  /** For people, in the tree. */
  get note(): string {
    if (this.#isRunning) return `archiving, ${this.#segments} segments so far`;
    return this.#last?.outcome.ok === false ? this.#last.outcome.error.message : 'waiting';
  }

  /** Why retention cannot do its work, if it cannot. */
  reason(): string | undefined {
    const outcome = this.#last?.outcome;
    if (outcome?.ok === false) return `old entries cannot be archived: ${outcome.error.message}`;
    if (outcome?.report.stopped) return `archiving stopped at ${outcome.report.stopped}`;
    return undefined;
  }

  /** Runs policy now. Rejects with CODI_TRY_AGAIN when the actor ends meanwhile. */
  compact(): Promise<RetentionReport> {
    return new Promise((resolve, reject) => {
      this.#asking.push({ resolve, reject });
      this.#onAsked?.();
    });
  }

  /** The ledger needs room. After a run that found none, this is not looked at for a while. */
  press(nowMs: number): void {
    const isInVain =
      this.#vainAtMs !== undefined && Math.abs(nowMs - this.#vainAtMs) < VAIN_REST_MS;
    if (this.#isPressed || isInVain) return;
    this.#isPressed = true;
    this.#onAsked?.();
  }

  /** A task of the archive pool, outside of any run. */
  read: RunTask = (task, input) => {
    if (!this.#run) throw new CodiError('CODI_TRY_AGAIN', { reason: 'retention restarts' });
    return this.#run(task, input);
  };

  attach(run: RunTask, onAsked: () => void): void {
    this.#run = run;
    this.#onAsked = onAsked;
    this.#isRunning = false;
  }

  detach(): void {
    this.#run = undefined;
    this.#onAsked = undefined;
    for (const { reject } of [...this.#answering.splice(0), ...this.#asking.splice(0)])
      reject(new CodiError('CODI_TRY_AGAIN', { reason: 'retention restarts' }));
  }

  /** A run begins; true when it must make room. */
  begin(): boolean {
    const isPressed = this.#isPressed;
    this.#wasPressed = isPressed;
    this.#isPressed = false;
    this.#isRunning = true;
    this.#segments = 0;
    this.#answering = this.#asking.splice(0);
    return isPressed;
  }

  progress(): void {
    this.#segments += 1;
  }

  finish(outcome: RunOutcome, atMs: number): void {
    this.#isRunning = false;
    this.#last = { outcome, atMs };
    const isInVain = this.#wasPressed && !(outcome.ok && hasChanged(outcome.report));
    this.#vainAtMs = isInVain ? atMs : undefined;
    for (const { resolve, reject } of this.#answering.splice(0))
      if (outcome.ok) resolve(outcome.report);
      else reject(outcome.error);
  }
}
