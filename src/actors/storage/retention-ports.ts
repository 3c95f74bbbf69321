import type {
  ArchiveTasks,
  SegmentRecord,
  UpkeepCommand,
  UpkeepResult,
} from '../../workers/storage/archive.messages.ts';
import type { DiskSpace, RetentionPolicy } from './retention-policy.ts';
import type { WriterRoom } from './writer-room.ts';

/** Runs a task in the archive pool. Rejects with CodiError. */
export type RunTask = <Name extends keyof ArchiveTasks & string>(
  task: Name,
  input: Parameters<ArchiveTasks[Name]>[0],
) => Promise<Awaited<ReturnType<ArchiveTasks[Name]>>>;

export interface RetentionRunPorts {
  policy: RetentionPolicy;
  run: RunTask;
  /** Asks the ledger thread. */
  change(command: UpkeepCommand): Promise<UpkeepResult>;
  disk(): Promise<DiskSpace>;
  reserve: { release(): Promise<number>; renew(): Promise<void> };
  room: WriterRoom;
  /** What the reserve holds. */
  reservedBytes(): number;
  nowMs(): number;
  monotonicMs(): number;
  pause(durationMs: number): Promise<void>;
  onSegment(segment: SegmentRecord): void;
  /** A block does not match its leaf. */
  onDamage(damage: { block: number; reason: string }): void;
  /** So much of the reserve was given up, and the writer is held. */
  onReleased(bytes: number): void;
}
