import type { StoredSegment } from '../../workers/storage/archive.messages.ts';

const DAY_MS = 86_400_000;
/** A floor larger than this part of the disk would never be met on a small one. */
const FLOOR_SHARE = 0.05;

/** What is kept for how long; see the section `storage` of the configuration. */
export interface RetentionPolicy {
  /** 0: for ever. */
  retentionDays: number;
  /** 0: no limit. */
  sizeLimitBytes: number;
  diskFloorBytes: number;
  keepDays: number;
  isArchiving: boolean;
  /** 0: for ever. */
  archiveDays: number;
  segmentLimitBytes: number;
  dropStepMs: number;
}

export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
}

/** Blocks committed before it may leave for their age. Whole UTC days, so that a day makes few segments. */
export function ageLimitMs({ retentionDays }: RetentionPolicy, nowMs: number): number | null {
  if (retentionDays === 0) return null;
  return Math.floor((nowMs - retentionDays * DAY_MS) / DAY_MS) * DAY_MS;
}

/** Only what is older may go to make room. */
export function roomLimitMs({ keepDays }: RetentionPolicy, nowMs: number): number {
  return nowMs - keepDays * DAY_MS;
}

export function isDiskLow({ diskFloorBytes }: RetentionPolicy, disk: DiskSpace): boolean {
  return disk.freeBytes < Math.min(diskFloorBytes, disk.totalBytes * FLOOR_SHARE);
}

/** Segments whose time in the archive is over. */
export function expiredSegments(
  { archiveDays }: RetentionPolicy,
  segments: readonly StoredSegment[],
  nowMs: number,
): StoredSegment[] {
  if (archiveDays === 0) return [];
  const limitMs = nowMs - archiveDays * DAY_MS;
  return keptSegments(segments).filter(({ lastCommittedMs }) => lastCommittedMs < limitMs);
}

/** The segment that goes first when the disk is low: the oldest one, if it is old enough. */
export function segmentForRoom(
  policy: RetentionPolicy,
  segments: readonly StoredSegment[],
  nowMs: number,
): StoredSegment | undefined {
  const [oldest] = keptSegments(segments);
  return oldest && oldest.lastCommittedMs < roomLimitMs(policy, nowMs) ? oldest : undefined;
}

/** Segments whose file is still there and whose rows have left the tables. */
function keptSegments(segments: readonly StoredSegment[]): StoredSegment[] {
  return segments.filter(
    ({ file, removedMs, isDropped }) => file !== null && removedMs === null && isDropped,
  );
}
