import { isCodiError } from '../../protocol/errors.ts';
import type {
  ArchiveTasks,
  Plan,
  PlanReason,
  SegmentRecord,
  UpkeepCommand,
  UpkeepResult,
} from '../../workers/storage/archive.messages.ts';
import {
  ageLimitMs,
  expiredSegments,
  isDiskLow,
  roomLimitMs,
  segmentForRoom,
  type DiskSpace,
  type RetentionPolicy,
} from './retention-policy.ts';

/** After a step, the writer is left alone for so many times as long as it took. */
const REST_FACTOR = 4;

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
  nowMs(): number;
  monotonicMs(): number;
  pause(durationMs: number): Promise<void>;
  onSegment(segment: SegmentRecord): void;
  /** A block does not match its leaf. */
  onDamage(damage: { block: number; reason: string }): void;
}

/** What one run did. */
export interface RetentionReport {
  segments: number;
  entries: number;
  /** Rows removed from the tables; entries of an interrupted run are counted where it was finished. */
  rows: number;
  /** Canonical bytes of the entries. */
  bytes: number;
  fileBytes: number;
  removedFiles: number;
  removedBytes: number;
  reasons: PlanReason[];
  /** Why it could not go on. */
  stopped: string | null;
  durationMs: number;
}

/**
 * One pass of retention, step by step; every step can be the last one, and the next run goes on there. A
 * segment is on the disk and verified before the ledger records it, and recorded before its rows go.
 */
export class RetentionRun {
  readonly #ports: RetentionRunPorts;
  readonly report: RetentionReport = {
    segments: 0,
    entries: 0,
    rows: 0,
    bytes: 0,
    fileBytes: 0,
    removedFiles: 0,
    removedBytes: 0,
    reasons: [],
    stopped: null,
    durationMs: 0,
  };

  constructor(ports: RetentionRunPorts) {
    this.#ports = ports;
  }

  /** `isPressed`: the ledger was refused a commit for want of room. */
  async run(isPressed: boolean): Promise<RetentionReport> {
    const { monotonicMs } = this.#ports;
    const startedMs = monotonicMs();
    await this.#dropRows(await this.#change({ type: 'dropRows', budgetMs: this.#budgetMs }));
    await this.#removeExpired();
    await this.#archive(isPressed);
    await this.#makeRoom();
    this.report.durationMs = monotonicMs() - startedMs;
    return this.report;
  }

  get #budgetMs(): number {
    return this.#ports.policy.dropStepMs;
  }

  async #archive(isPressed: boolean): Promise<void> {
    let wasRefused = false;
    for (;;) {
      const plan = await this.#plan(isPressed);
      if (!plan) return;
      let isDone: boolean;
      try {
        isDone = await this.#take(plan);
      } catch (error) {
        // No room for the segment: an old archive may give way to it, once for each try.
        if (!isCodiError(error) || error.code !== 'CODI_DISK_FULL' || wasRefused) throw error;
        wasRefused = true;
        if (!(await this.#removeOldest())) throw error;
        continue;
      }
      wasRefused = false;
      if (!isDone) return;
    }
  }

  async #plan(isPressed: boolean): Promise<Plan> {
    const { policy, run, nowMs } = this.#ports;
    return run('plan', {
      beforeMs: ageLimitMs(policy, nowMs()),
      roomBeforeMs: roomLimitMs(policy, nowMs()),
      sizeLimitBytes: policy.sizeLimitBytes,
      isRoomNeeded: (isPressed || (await this.#isLow())) && !(await this.#hasRoomInside()),
      segmentLimitBytes: policy.segmentLimitBytes,
    });
  }

  /** Whether the ledger has room for a segment's worth of entries without growing. */
  async #hasRoomInside(): Promise<boolean> {
    const { freePages, pageBytes } = await this.#ports.run('space', {});
    return freePages * pageBytes >= this.#ports.policy.segmentLimitBytes;
  }

  /** False when the next blocks cannot be taken. */
  async #take({ firstBlock, lastBlock, reason, isLost }: NonNullable<Plan>): Promise<boolean> {
    const { policy, run, nowMs, onSegment, onDamage } = this.#ports;
    const task = policy.isArchiving && isLost !== true ? 'writeSegment' : 'describe';
    const segment = await run(task, { firstBlock, lastBlock, nowMs: nowMs() });
    if ('damaged' in segment) {
      const { block, reason: why } = segment.damaged;
      this.report.stopped = `block ${block}: ${why}`;
      onDamage(segment.damaged);
      return false;
    }
    const begun = await this.#change({
      type: 'beginSegment',
      segment,
      budgetMs: this.#budgetMs,
    });
    this.report.segments += 1;
    this.report.entries += segment.entries;
    this.report.bytes += segment.bytes;
    this.report.fileBytes += segment.fileBytes;
    if (!this.report.reasons.includes(reason)) this.report.reasons.push(reason);
    onSegment(segment);
    await this.#dropRows(begun);
    return true;
  }

  async #dropRows(last: UpkeepResult): Promise<void> {
    for (let step = last; step.isDropping;) {
      await this.#ports.pause(step.durationMs * REST_FACTOR);
      step = await this.#change({ type: 'dropRows', budgetMs: this.#budgetMs });
    }
  }

  async #removeExpired(): Promise<void> {
    const { policy, run, nowMs } = this.#ports;
    const segments = await run('segments', {});
    for (const { n } of expiredSegments(policy, segments, nowMs())) await this.#giveUp(n);
    await this.#sweep();
  }

  /** Old archives go, one by one, until the disk has room. */
  async #makeRoom(): Promise<void> {
    while (await this.#isLow()) if (!(await this.#removeOldest())) return;
  }

  async #removeOldest(): Promise<boolean> {
    const { policy, run, nowMs } = this.#ports;
    const oldest = segmentForRoom(policy, await run('segments', {}), nowMs());
    if (!oldest) return false;
    await this.#giveUp(oldest.n);
    await this.#sweep();
    if (!this.report.reasons.includes('room')) this.report.reasons.push('room');
    return true;
  }

  async #giveUp(n: number): Promise<void> {
    await this.#change({ type: 'giveUpFile', n, nowMs: this.#ports.nowMs() });
  }

  async #sweep(): Promise<void> {
    const { files, bytes } = await this.#ports.run('sweep', {});
    this.report.removedFiles += files;
    this.report.removedBytes += bytes;
  }

  async #change(command: UpkeepCommand): Promise<UpkeepResult> {
    const result = await this.#ports.change(command);
    this.report.rows += result.rows;
    return result;
  }

  async #isLow(): Promise<boolean> {
    return isDiskLow(this.#ports.policy, await this.#ports.disk());
  }
}

/** Whether a run did something that people should find in the ledger. */
export function hasChanged(report: RetentionReport): boolean {
  return report.rows > 0 || report.segments > 0 || report.removedFiles > 0;
}
