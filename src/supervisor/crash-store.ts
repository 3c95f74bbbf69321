import type { CrashReport } from './crash-report.ts';

/** Different crashes kept; beyond that the one not seen for longest goes. */
export const CRASHES_LIMIT = 200;

export interface CrashRecord {
  fingerprint: string;
  count: number;
  /** Wall times, Unix milliseconds. */
  firstAt: number;
  lastAt: number;
  /** Of the latest one. */
  report: CrashReport;
}

/** Crash reports, one record per fingerprint. */
export class CrashStore {
  readonly #records = new Map<string, CrashRecord>();

  /** True when it is the first of its kind. */
  add(report: CrashReport): boolean {
    const { fingerprint, at } = report;
    const known = this.#records.get(fingerprint);
    this.#records.delete(fingerprint);
    this.#records.set(fingerprint, {
      fingerprint,
      count: (known?.count ?? 0) + 1,
      firstAt: known?.firstAt ?? at,
      lastAt: at,
      report,
    });
    if (this.#records.size > CRASHES_LIMIT) {
      const [oldest] = this.#records.keys();
      this.#records.delete(oldest!);
    }
    return known === undefined;
  }

  /** Latest first. */
  list(limit: number, path?: string): CrashRecord[] {
    const records = [...this.#records.values()].reverse();
    const wanted =
      path === undefined ? records : records.filter(({ report }) => report.crasher.path === path);
    return wanted.slice(0, limit).map((record) => structuredClone(record));
  }
}
