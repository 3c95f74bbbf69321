import { CoverageAudit, type AuditFigures } from './coverage-audit.ts';
import type { WatchHostPorts } from './host-ports.ts';
import type { HostVitals } from './watch-host.messages.ts';
import type { WatchedRoot } from './watched-root.ts';

export interface HostHealthPorts extends WatchHostPorts {
  roots(): Iterable<WatchedRoot>;
  onVitals(vitals: HostVitals): void;
  wake(): void;
}

/** Audits take this share of the time at most: 1 part in … */
const AUDIT_SHARE = 400;
/** With so many hints since the last audit, the next one comes once it is quiet. */
const BURST_HINTS = 1_000;
const AFTER_BURST_MS = 2_000;
const VITALS_EVERY_MS = 5_000;

/** Looks after the host itself: whether its watches are there, and what it takes of the system. */
export class HostHealth {
  readonly audit: CoverageAudit;
  readonly #ports: HostHealthPorts;
  #audited: AuditFigures | undefined;
  #repairedDirectories = 0;
  #auditedMs: number | undefined;
  #auditedHints = 0;
  #lastHints = 0;
  #toldMs = -Infinity;

  constructor(ports: HostHealthPorts) {
    this.#ports = ports;
    this.audit = new CoverageAudit({
      ...ports,
      roots: () => [...ports.roots()].map(({ coverage }) => coverage),
      hasNativeWatches: () => this.#hasNativeWatches(),
      onAudited: (figures) => this.#onAudited(figures),
    });
    // Before the first look at any root.
    void this.audit.lookAtMounts();
  }

  /** About once a second; `hints` since the start. */
  beat(nowMs: number, hints: number): void {
    this.#auditedMs ??= nowMs;
    const isQuiet = hints === this.#lastHints;
    this.#lastHints = hints;
    const { coverageIntervalMs } = this.#ports.budget.limits;
    const isAfterBurst = isQuiet && hints - this.#auditedHints >= BURST_HINTS;
    const wantedMs = isAfterBurst ? AFTER_BURST_MS : coverageIntervalMs;
    const gapMs = Math.max(wantedMs, this.audit.costMs * AUDIT_SHARE);
    if (nowMs - this.#auditedMs >= gapMs && !this.audit.isRunning) {
      this.#auditedMs = nowMs;
      this.#auditedHints = hints;
      void this.audit.start();
    }
    if (nowMs - this.#toldMs >= VITALS_EVERY_MS) this.#tell(nowMs);
  }

  #onAudited(figures: AuditFigures): void {
    const { budget, clock } = this.#ports;
    this.#audited = figures;
    this.#repairedDirectories += figures.repaired;
    budget.nativeCount = this.#hasNativeWatches()
      ? Math.max(0, figures.watches - budget.ownCount)
      : 0;
    this.#tell(clock.monotonicMs());
  }

  #tell(nowMs: number): void {
    this.#toldMs = nowMs;
    const { budget, measure, onVitals } = this.#ports;
    let polledDirectories = 0;
    let lookMs = 0;
    for (const root of this.#ports.roots()) {
      polledDirectories += root.keeper?.shortage.size ?? 0;
      lookMs = Math.max(lookMs, root.lookMs);
    }
    onVitals({
      watches: budget.taken,
      watchesLimit: budget.limit,
      instances: this.#audited?.instances ?? 0,
      blindDirectories: this.#audited?.blind ?? 0,
      leakedWatches: this.#audited?.leaked ?? 0,
      polledDirectories,
      repairedDirectories: this.#repairedDirectories,
      ...measure(),
      auditMs: this.#audited?.costMs ?? 0,
      lookMs,
    });
  }

  #hasNativeWatches(): boolean {
    return [...this.#ports.roots()].some(({ keeper }) => keeper?.kind === 'parcel');
  }
}
