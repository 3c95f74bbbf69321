import { CodiError } from '../../protocol/errors.ts';
import type { Pressure } from './retention-policy.ts';
import { hasChanged, type RetentionReport } from './retention-report.ts';
import type { RunTask } from './retention-ports.ts';
import { WriterRoom } from './writer-room.ts';

const VAIN_REST_MS = 10_000;
const RANK: Readonly<Record<Pressure, number>> = { none: 0, low: 1, full: 2 };

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
  /** What the ledger writer may use of the disk. */
  readonly room = new WriterRoom();
  #run: RunTask | undefined;
  #onAsked: (() => void) | undefined;
  #asking: Asking[] = [];
  #answering: Asking[] = [];
  #pressure: Pressure = 'none';
  #isRunning = false;
  /** What the run is, or was, for. */
  #purpose: Pressure = 'none';
  #vain: { pressure: Pressure; atMs: number } | undefined;
  #isStuck = false;
  /** Whether the ledger took something since the run began. */
  #hasWorked = false;
  #segments = 0;
  #last: { outcome: RunOutcome; atMs: number } | undefined;

  get isAsked(): boolean {
    return this.#asking.length > 0 || this.#pressure !== 'none';
  }

  get last(): { outcome: RunOutcome; atMs: number } | undefined {
    return this.#last;
  }

  /** For people, in the tree. */
  get note(): string {
    if (this.room.room === 'none') return 'making room on a full disk';
    if (this.#isRunning) return `archiving, ${this.#segments} segments so far`;
    return this.#last?.outcome.ok === false ? this.#last.outcome.error.message : 'waiting';
  }

  /** Why retention cannot do its work, if it cannot. */
  reason(): string | undefined {
    if (this.room.room === 'none')
      return 'the disk is full: entries are turned away while old ones make room';
    if (this.#isStuck)
      return 'the disk is full, and policy lets nothing go: all of it is younger than storage.keep_days';
    if (this.room.room === 'inside')
      return 'the disk is full: new entries take the room of old ones';
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
  press(pressure: Pressure, nowMs: number): void {
    if (this.room.room === 'none' || this.#isInVain(pressure, nowMs)) return;
    if (RANK[pressure] <= RANK[this.#pressure]) return;
    this.#pressure = pressure;
    this.#onAsked?.();
  }

  /** Room was made, or there is none to make: what was asked for until now is done. */
  relieve(): void {
    this.#pressure = 'none';
  }

  /** The ledger has taken something, so the disk is not full. */
  worked(): void {
    this.#isStuck = false;
    this.#hasWorked = true;
  }

  /** There is room on the disk again, whoever made it. */
  measuredRoom(): void {
    this.#isStuck = false;
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

  /** A run begins; says what for. */
  begin(): Pressure {
    this.#purpose = this.#pressure;
    this.#pressure = 'none';
    this.#isRunning = true;
    this.#hasWorked = false;
    this.#segments = 0;
    this.#answering = this.#asking.splice(0);
    return this.#purpose;
  }

  progress(): void {
    this.#segments += 1;
  }

  finish(outcome: RunOutcome, atMs: number): void {
    this.#isRunning = false;
    this.#last = { outcome, atMs };
    // What a run found may have passed before it ends.
    this.#isStuck = outcome.ok && outcome.report.isStuck && !this.#hasWorked;
    const hasHelped = outcome.ok && hasChanged(outcome.report);
    this.#vain = hasHelped ? undefined : { pressure: this.#purpose, atMs };
    for (const { resolve, reject } of this.#answering.splice(0))
      if (outcome.ok) resolve(outcome.report);
      else reject(outcome.error);
  }

  /** More is done about a full disk than about a low one. */
  #isInVain(pressure: Pressure, nowMs: number): boolean {
    if (!this.#vain || RANK[this.#vain.pressure] < RANK[pressure]) return false;
    return Math.abs(nowMs - this.#vain.atMs) < VAIN_REST_MS;
  }
}
