import { isCodiError } from '../../protocol/errors.ts';
import type { Plan, UpkeepCommand, UpkeepResult } from '../../workers/storage/archive.messages.ts';
import {
  ageLimitMs,
  expiredSegments,
  isCleared,
  isDiskLow,
  roomLimitMs,
  segmentBytesFor,
  segmentForRoom,
  smallerSegment,
  type Pressure,
} from './retention-policy.ts';
import { emptyReport, type RetentionReport } from './retention-report.ts';
import type { RetentionRunPorts } from './retention-ports.ts';

/** After a step, the writer is left alone for so many times as long as it took. */
const REST_FACTOR = 4;

/**
 * One pass of retention, step by step; every step can be the last one, and the next run goes on there. A
 * segment is on the disk and verified before the ledger records it, and recorded before its rows go.
 */
export class RetentionRun {
  readonly #ports: RetentionRunPorts;
  readonly report = emptyReport();
  /** The writer takes nothing but what this run asks for. */
  #isHeld = false;

  constructor(ports: RetentionRunPorts) {
    this.#ports = ports;
  }

  async run(pressure: Pressure): Promise<RetentionReport> {
    const { monotonicMs } = this.#ports;
    const startedMs = monotonicMs();
    try {
      if (pressure === 'full') await this.#clear();
      else await this.#retainOrClear(pressure === 'low');
    } finally {
      this.report.durationMs = monotonicMs() - startedMs;
    }
    return this.report;
  }

  async #retainOrClear(isPressed: boolean): Promise<void> {
    try {
      await this.#retain(isPressed);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await this.#clear();
    }
  }

  async #retain(isPressed: boolean): Promise<void> {
    await this.#restartLog();
    await this.#dropRows(await this.#change({ type: 'dropRows', budgetMs: this.#budgetMs }));
    await this.#removeExpired();
    await this.#archive(isPressed);
    await this.#makeRoom();
    await this.#restartLog();
  }

  /**
   * The disk is full, and what makes room needs some: the reserve is given up for it, and the writer is held, so
   * that nobody else takes it.
   */
  async #clear(): Promise<void> {
    const { reserve, room, onReleased } = this.#ports;
    await this.#sweep();
    if (!(await this.#mayGo())) {
      this.report.isStuck = this.report.removedFiles === 0;
      return;
    }
    room.change('none');
    this.#isHeld = true;
    try {
      const bytes = await reserve.release();
      this.report.releasedBytes += bytes;
      onReleased(bytes);
      await this.#retain(true);
    } finally {
      try {
        await reserve.renew();
      } finally {
        this.#isHeld = false;
        room.change((await this.#isCleared()) ? 'open' : 'inside');
      }
    }
  }

  /** Whether there is anything that the reserve would help to remove, or room inside that only the log keeps from use. */
  async #mayGo(): Promise<boolean> {
    const { policy, run, nowMs } = this.#ports;
    const segments = await run('segments', {});
    return (
      segments.some(({ isDropped }) => !isDropped) ||
      expiredSegments(policy, segments, nowMs()).length > 0 ||
      segmentForRoom(policy, segments, nowMs()) !== undefined ||
      (await this.#hasRoomInside()) ||
      (await this.#plan(true, policy.segmentLimitBytes)) !== null
    );
  }

  /** Where nobody waits, a step takes the time of its rest as well. */
  get #budgetMs(): number {
    return this.#ports.policy.dropStepMs * (this.#isHeld ? 1 + REST_FACTOR : 1);
  }

  async #archive(isPressed: boolean): Promise<void> {
    let segmentBytes = await this.#segmentBytes();
    let wasRefused = false;
    // While the writer is held no more goes than must: the rest of what is old can wait for the next run.
    while (!(this.#isHeld && (await this.#hasRoomInside()))) {
      const plan = await this.#plan(isPressed, segmentBytes);
      if (!plan) return;
      try {
        if (!(await this.#take(plan))) return;
        wasRefused = false;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        const smaller = this.#isHeld ? smallerSegment(segmentBytes) : undefined;
        // No room for the smallest segment: an old archive may give way to it, once for each try.
        if (smaller === undefined && (wasRefused || !(await this.#removeOldest()))) throw error;
        wasRefused = smaller === undefined;
        segmentBytes = smaller ?? (await this.#segmentBytes());
      }
      await this.#restartLog();
    }
  }

  async #segmentBytes(): Promise<number> {
    const { policy, disk } = this.#ports;
    return this.#isHeld ? segmentBytesFor(policy, await disk()) : policy.segmentLimitBytes;
  }

  async #plan(isPressed: boolean, segmentLimitBytes: number): Promise<Plan> {
    const { policy, run, nowMs } = this.#ports;
    return run('plan', {
      beforeMs: ageLimitMs(policy, nowMs()),
      roomBeforeMs: roomLimitMs(policy, nowMs()),
      sizeLimitBytes: policy.sizeLimitBytes,
      isRoomNeeded: (isPressed || (await this.#isLow())) && !(await this.#hasRoomInside()),
      segmentLimitBytes,
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
      if (!this.#isHeld) await this.#ports.pause(step.durationMs * REST_FACTOR);
      step = await this.#change({ type: 'dropRows', budgetMs: this.#budgetMs });
    }
  }

  async #removeExpired(): Promise<void> {
    const { policy, run, nowMs } = this.#ports;
    const segments = await run('segments', {});
    for (const { n } of expiredSegments(policy, segments, nowMs())) await this.#giveUp(n);
    await this.#sweep();
  }

  /** Old archives go, one by one, until the disk has room; after it was full, also for another reserve. */
  async #makeRoom(): Promise<void> {
    while (this.#isHeld ? !(await this.#isCleared()) : await this.#isLow())
      if (!(await this.#removeOldest())) return;
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

  /** On a full disk the log is emptied between steps, so that the next one is written where the last one was. */
  async #restartLog(): Promise<void> {
    if (!this.#isHeld) return;
    try {
      // Without a reserve the room of the log is all there is.
      await this.#change({ type: 'restartLog', isShrinking: this.report.releasedBytes === 0 });
    } catch (error) {
      // The step after it says whether that was too little.
      if (!isDiskFull(error)) throw error;
    }
  }

  async #isLow(): Promise<boolean> {
    return isDiskLow(this.#ports.policy, await this.#ports.disk());
  }

  async #isCleared(): Promise<boolean> {
    const { policy, disk, reservedBytes } = this.#ports;
    return isCleared(policy, await disk(), reservedBytes());
  }
}

function isDiskFull(error: unknown): boolean {
  return isCodiError(error) && error.code === 'CODI_DISK_FULL';
}
