import type { StoredSegment } from '../../workers/storage/archive.messages.ts';

const DAY_MS = 86_400_000;
/** A floor larger than this part of the disk would never be met on a small one. */
const FLOOR_SHARE = 0.05;
/** With less than this the next write may fail. */
export const FULL_BYTES = 1024 * 1024;
/** And a reserve larger than this part would take too much of one. */
const RESERVE_SHARE = 1 / 8;
/** Files take whole blocks of the disk. */
const DISK_BLOCK_BYTES = 4_096;
/** A segment written on a full disk is at most this part of the room there is; compressed it is smaller still. */
const SEGMENT_SHARE = 1 / 4;
const LEAST_SEGMENT_BYTES = 64 * 1024;

/** What is kept for how long; see the section `storage` of the configuration. */
export interface RetentionPolicy {
  /** 0: for ever. */
  retentionDays: number;
  /** 0: no limit. */
  sizeLimitBytes: number;
  diskFloorBytes: number;
  /** Kept for getting out of a full disk; 0: none. */
  diskReserveBytes: number;
  keepDays: number;
  isArchiving: boolean;
  /** 0: for ever. */
  archiveDays: number;
  segmentLimitBytes: number;
  dropStepMs: number;
}

/** What a run is for: `low`: less is free than should be; `full`: nothing more can be written. */
export type Pressure = 'none' | 'low' | 'full';

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

/** What should stay free on this disk. */
export function floorBytes({ diskFloorBytes }: RetentionPolicy, disk: DiskSpace): number {
  return Math.min(diskFloorBytes, disk.totalBytes * FLOOR_SHARE);
}

export function isDiskLow(policy: RetentionPolicy, disk: DiskSpace): boolean {
  return disk.freeBytes < floorBytes(policy, disk);
}

export function pressureOf(policy: RetentionPolicy, disk: DiskSpace): Pressure {
  if (!isDiskLow(policy, disk)) return 'none';
  return disk.freeBytes < Math.min(FULL_BYTES, floorBytes(policy, disk) / 8) ? 'full' : 'low';
}

/** How large the reserve should be on this disk. */
export function reserveBytes({ diskReserveBytes }: RetentionPolicy, disk: DiskSpace): number {
  return wholeBlocks(Math.min(diskReserveBytes, disk.totalBytes * RESERVE_SHARE));
}

/** Whether a disk that was full has so much free that the floor is met beside a whole reserve. */
export function isCleared(policy: RetentionPolicy, disk: DiskSpace, heldBytes: number): boolean {
  const missingBytes = reserveBytes(policy, disk) - heldBytes;
  return disk.freeBytes >= floorBytes(policy, disk) + Math.max(0, missingBytes);
}

/** How large a reserve is after it was used: where the floor is not met, it leaves others on the disk half of the rest. */
export function renewedBytes(policy: RetentionPolicy, disk: DiskSpace, heldBytes: number): number {
  const { freeBytes } = disk;
  const takenBytes = Math.max(freeBytes - floorBytes(policy, disk), freeBytes / 2);
  return Math.min(reserveBytes(policy, disk), wholeBlocks(heldBytes + takenBytes));
}

/** Entries of one segment, so that it fits into the room of a disk that is about full. */
export function segmentBytesFor({ segmentLimitBytes }: RetentionPolicy, disk: DiskSpace): number {
  const fitting = Math.max(LEAST_SEGMENT_BYTES, Math.floor(disk.freeBytes * SEGMENT_SHARE));
  return Math.min(segmentLimitBytes, fitting);
}

/** Half of it, for the next try; undefined when there is no smaller one. */
export function smallerSegment(bytes: number): number | undefined {
  return bytes > LEAST_SEGMENT_BYTES
    ? Math.max(LEAST_SEGMENT_BYTES, Math.floor(bytes / 2))
    : undefined;
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

function wholeBlocks(bytes: number): number {
  return Math.floor(bytes / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES;
}

/** Segments whose file is still there and whose rows have left the tables. */
function keptSegments(segments: readonly StoredSegment[]): StoredSegment[] {
  return segments.filter(
    ({ file, removedMs, isDropped }) => file !== null && removedMs === null && isDropped,
  );
}
