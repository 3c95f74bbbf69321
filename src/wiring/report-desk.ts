import { describeExit, type Report } from '../supervisor/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

const HOUR_MS = 3_600_000;
const KEPT_MAX = 200;

export interface Restart {
  path: string;
  reason: string;
  afterMs: number;
  atMs: number;
}

/** Takes the supervisors' reports: log lines and metrics, and the restarts that `codi status` and `codi up` show. */
export class ReportDesk {
  readonly #telemetry: Telemetry;
  readonly #listeners: ((restart: Restart) => void)[] = [];
  readonly #reportListeners = new Set<(kind: Report['kind']) => void>();
  #count = 0;
  readonly #lastReason = new Map<string, string>();
  #total = 0;
  /** The restarts of the last hour, newest last, bounded. */
  #recent: Restart[] = [];

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  onRestart(listener: (restart: Restart) => void): void {
    this.#listeners.push(listener);
  }

  /** Reports so far. */
  get count(): number {
    return this.#count;
  }

  /** Called with the kind of each report; returns the removal. */
  onReport(listener: (kind: Report['kind']) => void): () => void {
    this.#reportListeners.add(listener);
    return () => void this.#reportListeners.delete(listener);
  }

  take(report: Report): void {
    this.#count += 1;
    for (const listener of this.#reportListeners) listener(report.kind);
    const telemetry = this.#telemetry;
    switch (report.kind) {
      case 'childStarted':
        telemetry.emit('ActorStarted', { path: report.path, epoch: report.epoch });
        break;
      case 'childExited':
      case 'startFailed': {
        const reason = describeExit(report.reason);
        if (report.reason.kind === 'normal' || report.reason.kind === 'shutdown') break;
        const isComingBack = report.kind === 'childExited' ? report.willRestart : report.willRetry;
        if (isComingBack) this.#lastReason.set(report.path, reason);
        else this.#lastReason.delete(report.path);
        telemetry.emit('ActorExited', { path: report.path, epoch: report.epoch, reason });
        break;
      }
      case 'childRestarted':
        this.#restarted(report);
        break;
      case 'parked':
        telemetry.emit('ActorParked', { path: report.path });
        break;
      case 'meltdown':
        telemetry.emit('SupervisorMeltdown', { path: report.path });
        break;
      default:
        telemetry.emit('SupervisorReported', { report });
    }
  }

  summary(nowMs: number) {
    const recent = this.#recent.filter((restart) => restart.atMs > nowMs - HOUR_MS);
    return {
      total: this.#total,
      last_hour: recent.map(({ path, atMs, reason }) => ({
        path,
        at: new Date(atMs).toISOString(),
        reason,
      })),
    };
  }

  #restarted(report: Extract<Report, { kind: 'childRestarted' }>): void {
    const { path, at: atMs, epoch } = report;
    const afterMs = Math.round(report.afterMs);
    const reason = this.#lastReason.get(path) ?? 'restarted with its group';
    this.#lastReason.delete(path);
    const restart = { path, reason, afterMs, atMs };
    this.#total += 1;
    this.#recent.push(restart);
    if (this.#recent.length > KEPT_MAX) this.#recent.shift();
    this.#telemetry.emit('ActorRestarted', { path, epoch, reason, afterMs });
    for (const listener of this.#listeners) listener(restart);
  }
}
