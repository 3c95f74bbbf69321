import type { Restart, Shutdown } from './child-spec.ts';
import { describeExit } from './exit-reason.ts';
import { toPlain, type Plain } from './plain-data.ts';
import type { Report } from './report.ts';
import type { Slot } from './slot.ts';

/** Reports kept. */
export const REPORTS_LIMIT = 500;

/** A report as plain data, with what OTP's supervisor and progress reports say. */
export interface ReportRecord {
  at: number;
  kind: Report['kind'];
  path: string;
  /** The report's own fields; reasons and errors as one line. */
  detail: Plain;
  /** OTP's; undefined for what OTP does not report. progress: a child has started. */
  errorContext?: 'start_error' | 'child_terminated' | 'shutdown_error' | 'shutdown' | 'progress';
  supervisor?: string;
  offender?: Offender;
}

export interface Offender {
  /** path#epoch */
  pid: string;
  id: string;
  restartType: Restart;
  significant: boolean;
  shutdown: Shutdown;
  childType: 'worker' | 'supervisor';
}

/** The latest reports of a system. */
export class ReportStore {
  readonly #records: ReportRecord[] = [];

  add(report: Report, slot: Slot | undefined): void {
    const { at, kind, path, ...rest } = report;
    const detail = Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, plainField(key, value)]),
    );
    const record: ReportRecord = { at, kind, path, detail };
    const errorContext = contextOf(report, slot);
    if (errorContext && slot) {
      record.errorContext = errorContext;
      record.supervisor = slot.parentSlot?.path ?? '';
      record.offender = offenderOf(slot);
    }
    this.#records.push(record);
    if (this.#records.length > REPORTS_LIMIT * 1.25) {
      this.#records.splice(0, this.#records.length - REPORTS_LIMIT);
    }
  }

  /** Latest first. */
  list(limit: number, path?: string): ReportRecord[] {
    const latest = this.#records.slice(-REPORTS_LIMIT).reverse();
    const wanted = path === undefined ? latest : latest.filter((record) => record.path === path);
    return wanted.slice(0, limit);
  }
}

function plainField(key: string, value: unknown): Plain {
  const isReason = (key === 'reason' || key === 'cause') && typeof value === 'object' && value;
  return isReason ? describeExit(value as never) : toPlain(value);
}

function contextOf(report: Report, slot: Slot | undefined): ReportRecord['errorContext'] {
  switch (report.kind) {
    case 'childStarted':
    case 'childRestarted':
      return 'progress';
    case 'startFailed':
      return 'start_error';
    case 'shutdownError':
      return 'shutdown_error';
    case 'meltdown':
      return 'shutdown';
    case 'childExited': {
      const isClean = report.reason.kind === 'normal' || report.reason.kind === 'shutdown';
      const isSilent = report.wasAsked === true || (isClean && slot?.rules.restart !== 'permanent');
      return isSilent ? undefined : 'child_terminated';
    }
    default:
      return undefined;
  }
}

function offenderOf(slot: Slot): Offender {
  const { path, epoch, id, rules, spec } = slot;
  return {
    pid: `${path}#${epoch}`,
    id,
    restartType: rules.restart,
    significant: rules.significant,
    shutdown: spec.shutdown ?? (spec.type === 'supervisor' ? 'infinity' : 5_000),
    childType: spec.type,
  };
}
