import type { Debounce } from './debounce.ts';
import type { HostClock, Timer } from './host-ports.ts';
import type { PathNode } from './path-tree.ts';
import { PRIORITY, type PassInput, type SweepPass } from './sweep-pass.ts';
import type { RootOptions } from './watch-host.messages.ts';

export interface RootSweepsPorts {
  readonly clock: HostClock;
  readonly options: RootOptions;
  readonly rootNode: PathNode;
  isPolling(): boolean;
  debounce(): Debounce | undefined;
  /** Whether the root is there; else the sweep is not made, somebody else takes over. */
  checkRoot(): boolean;
  /** It is quiet: what waits for that comes first, then the sweep. */
  beforeSettle(then: () => void): void;
  newPass(input: PassInput): SweepPass;
  addPass(pass: SweepPass): void;
  /** A full sweep begins: what was suspected until now is answered when it is done. */
  onFullStart(): void;
  /** `syncs`: ids that this sweep answers. */
  onFullDone(syncs: readonly number[], durationMs: number): void;
}

/** How often what is not watched is looked at, when the options do not say. */
export const POLL_INTERVAL_MS = 5_000;
/** Sweeps made on suspicion or on an interval may take this share of the time: 1 part in … */
const FULL_SHARE = 20;
const SUSPICION_SHARE = 2;
const SETTLE_SHARE = 10;
const SUSPICION_GAP_MS = 1_000;
/** With more touched directories than this, a full sweep is the simpler thing. */
const TOUCHED_LIMIT = 20_000;

interface FullSweep {
  readonly pass: SweepPass;
  readonly syncs: number[];
  readonly startedMs: number;
}

/** When which part of a root is swept: touched directories after a while of quiet, everything now and then. */
export class RootSweeps {
  readonly #ports: RootSweepsPorts;
  /** Touched directories; true: with all below them. */
  readonly #touched = new Map<PathNode, boolean>();
  #firstTouchMs = 0;
  #lastTouchMs = 0;
  #settleTimer: Timer | undefined;
  #isSettling = false;
  #settleNotBeforeMs = -Infinity;
  #full: FullSweep | undefined;
  /** Asked for while one was under way. */
  #nextFull: { syncs: number[] } | undefined;
  #fullTimer: { timer: Timer; dueMs: number } | undefined;
  #lastFull = { endMs: -Infinity, durationMs: 0 };

  constructor(ports: RootSweepsPorts) {
    this.#ports = ports;
  }

  /** Something happened in this directory: look through it once it is quiet. */
  touch(directory: PathNode, isDeep = false): void {
    const nowMs = this.#ports.clock.monotonicMs();
    if (this.#touched.size >= TOUCHED_LIMIT) {
      this.#touched.clear();
      this.suspect();
    }
    if (this.#touched.size === 0) this.#firstTouchMs = nowMs;
    this.#lastTouchMs = nowMs;
    this.#touched.set(directory, isDeep || (this.#touched.get(directory) ?? false));
    if (!this.#settleTimer && !this.#isSettling) this.#armSettle(this.#ports.options.settleMs);
  }

  /** A full sweep that begins from now on; it answers the sync with this id. */
  sweepAll(syncs: readonly number[] = []): void {
    if (this.#full && this.#full.pass.stepCount > 0) {
      this.#nextFull ??= { syncs: [] };
      this.#nextFull.syncs.push(...syncs);
    } else if (this.#full) this.#full.syncs.push(...syncs);
    else this.#startFull([...syncs]);
  }

  /** Hints may have been lost: a full sweep soon, but not one after the other without end. */
  suspect(): void {
    const { endMs, durationMs } = this.#lastFull;
    const gapMs = Math.max(SUSPICION_GAP_MS, durationMs * SUSPICION_SHARE);
    if (this.#full) this.#nextFull ??= { syncs: [] };
    else this.#armFull(Math.max(this.#ports.clock.monotonicMs(), endMs + gapMs));
  }

  /** The interval may be another one now. */
  reschedule(): void {
    if (this.#full || this.#lastFull.endMs === -Infinity) return;
    this.#clearFullTimer();
    this.#armFull(this.#lastFull.endMs + this.#intervalMs());
  }

  /** Forgets everything; returns the syncs that were not answered. */
  stop(): number[] {
    if (this.#settleTimer) this.#ports.clock.clearTimeout(this.#settleTimer);
    this.#settleTimer = undefined;
    this.#clearFullTimer();
    this.#touched.clear();
    this.#isSettling = false;
    const syncs = [...(this.#full?.syncs ?? []), ...(this.#nextFull?.syncs ?? [])];
    this.#full = undefined;
    this.#nextFull = undefined;
    this.#lastFull = { endMs: -Infinity, durationMs: 0 };
    return syncs;
  }

  #seen(): 'poll' | 'reconcile' {
    const isFirst = this.#lastFull.endMs === -Infinity;
    return this.#ports.isPolling() && !isFirst ? 'poll' : 'reconcile';
  }

  #armSettle(delayMs: number): void {
    const { clock } = this.#ports;
    const waitMs = Math.max(delayMs, this.#settleNotBeforeMs - clock.monotonicMs());
    this.#settleTimer = clock.setTimeout(() => this.#settleDue(), waitMs);
  }

  #settleDue(): void {
    this.#settleTimer = undefined;
    const { clock, options, checkRoot, newPass, addPass } = this.#ports;
    const nowMs = clock.monotonicMs();
    const leftMs = Math.min(
      this.#lastTouchMs + options.settleMs - nowMs,
      this.#firstTouchMs + options.settleMaxMs - nowMs,
    );
    if (leftMs > 0) {
      this.#armSettle(leftMs);
      return;
    }
    if (!checkRoot()) return;
    this.#isSettling = true;
    const pass = newPass({
      seen: this.#seen(),
      priority: PRIORITY.settle,
      debounce: this.#ports.debounce(),
      onDone: () => this.#settled(nowMs),
    });
    for (const [directory, isDeep] of this.#touched) pass.addDirectory(directory, isDeep);
    this.#touched.clear();
    this.#ports.beforeSettle(() => addPass(pass));
  }

  #settled(startedMs: number): void {
    const nowMs = this.#ports.clock.monotonicMs();
    this.#isSettling = false;
    this.#settleNotBeforeMs = nowMs + (nowMs - startedMs) * SETTLE_SHARE;
    if (this.#touched.size > 0) this.#armSettle(this.#ports.options.settleMs);
  }

  #startFull(syncs: number[]): void {
    const { clock, rootNode, checkRoot, newPass, addPass, onFullStart } = this.#ports;
    this.#clearFullTimer();
    const pass = newPass({
      seen: this.#seen(),
      priority: PRIORITY.full,
      onDone: () => this.#fullDone(pass),
    });
    this.#full = { pass, syncs, startedMs: clock.monotonicMs() };
    if (!checkRoot()) return;
    onFullStart();
    pass.addDirectory(rootNode, true);
    addPass(pass);
  }

  #fullDone(pass: SweepPass): void {
    const full = this.#full;
    if (full?.pass !== pass) return;
    const endMs = this.#ports.clock.monotonicMs();
    const durationMs = endMs - full.startedMs;
    this.#lastFull = { endMs, durationMs };
    this.#full = undefined;
    const next = this.#nextFull;
    this.#nextFull = undefined;
    this.#armFull(endMs + this.#intervalMs());
    this.#ports.onFullDone(full.syncs, durationMs);
    if (!next) return;
    if (next.syncs.length > 0) this.sweepAll(next.syncs);
    else this.suspect();
  }

  #intervalMs(): number {
    const { options, isPolling } = this.#ports;
    if (!isPolling()) return options.sweepIntervalMs;
    const pollMs = options.pollIntervalMs ?? POLL_INTERVAL_MS;
    return Math.min(
      options.sweepIntervalMs,
      Math.max(pollMs, this.#lastFull.durationMs * FULL_SHARE),
    );
  }

  #armFull(dueMs: number): void {
    if (this.#fullTimer && this.#fullTimer.dueMs <= dueMs) return;
    this.#clearFullTimer();
    const { clock } = this.#ports;
    const delayMs = Math.max(0, dueMs - clock.monotonicMs());
    const timer = clock.setTimeout(() => {
      this.#fullTimer = undefined;
      this.sweepAll();
    }, delayMs);
    this.#fullTimer = { timer, dueMs };
  }

  #clearFullTimer(): void {
    if (this.#fullTimer) this.#ports.clock.clearTimeout(this.#fullTimer.timer);
    this.#fullTimer = undefined;
  }
}
