import type { IndexStat } from '../../protocol/file-event.ts';

/**
 * An IndexStat as columns hold it: times as seconds and nanoseconds, 64-bit ids as signed integers.
 * Rows read with safe integers have bigint everywhere.
 */
export interface StatColumns<Whole extends number | bigint = number | bigint> {
  dev: bigint;
  ino: bigint;
  stat_size: Whole;
  mtime_seconds: Whole;
  mtime_nanos: Whole;
  ctime_seconds: Whole;
  ctime_nanos: Whole;
  mode: Whole;
  nlink: Whole;
}

const NANOS_PER_SECOND = 1_000_000_000n;

export function statColumns(stat: IndexStat): StatColumns<number> {
  const mtime = splitNs(stat.mtimeNs);
  const ctime = splitNs(stat.ctimeNs);
  return {
    dev: BigInt.asIntN(64, stat.dev),
    ino: BigInt.asIntN(64, stat.ino),
    stat_size: stat.size,
    mtime_seconds: mtime.seconds,
    mtime_nanos: mtime.nanos,
    ctime_seconds: ctime.seconds,
    ctime_nanos: ctime.nanos,
    mode: stat.mode,
    nlink: stat.nlink,
  };
}

export function statFromColumns(columns: StatColumns): IndexStat {
  return {
    dev: BigInt.asUintN(64, columns.dev),
    ino: BigInt.asUintN(64, columns.ino),
    size: Number(columns.stat_size),
    mtimeNs: joinNs(columns.mtime_seconds, columns.mtime_nanos),
    ctimeNs: joinNs(columns.ctime_seconds, columns.ctime_nanos),
    mode: Number(columns.mode),
    nlink: Number(columns.nlink),
  };
}

/** Rounds down, so that nanoseconds count forward also before 1970. */
export function splitNs(ns: bigint): { seconds: number; nanos: number } {
  const nanos = BigInt.asIntN(64, ((ns % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND);
  return { seconds: Number((ns - nanos) / NANOS_PER_SECOND), nanos: Number(nanos) };
}

function joinNs(seconds: number | bigint, nanos: number | bigint): bigint {
  return BigInt(seconds) * NANOS_PER_SECOND + BigInt(nanos);
}
