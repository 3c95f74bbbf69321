/**
 * Keeps the ledger to its policy: old entries become archive segments, old archives go, and room is made
 * when the disk runs low. It decides; its pool reads and writes files, the ledger thread changes the ledger.
 */
import { CodiError, isCodiError, type WireError } from '../../protocol/errors.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { UpkeepCommand, UpkeepResult } from '../../workers/storage/archive.messages.ts';
import { DiskReserve } from './disk-reserve.ts';
import type { RequestBook } from './request-book.ts';
import type { RetentionDesk } from './retention-desk.ts';
import { isCleared, pressureOf, type DiskSpace, type RetentionPolicy } from './retention-policy.ts';
import { hasChanged, type RetentionReport } from './retention-report.ts';
import type { RunTask } from './retention-ports.ts';
import { RetentionRun } from './retention-run.ts';
import { retentionMachine } from './retention.machine.ts';

/** The first look after a start, when the daemon is busy with other things. */
const FIRST_RUN_MS = 30_000;
/** The first look at the disk; the reserve is made then. */
const FIRST_DISK_MS = 2_000;
const DISK_INTERVAL_MS = 10_000;
/** After it was full, so that entries need not wait for long once there is room. */
const FULL_DISK_INTERVAL_MS = 1_000;
/** After a run that failed. */
const RETRY_MS = 30_000;

/** Threads for the tasks of ArchiveTasks; `run` rejects when the signal ends it. */
export interface ArchivePool {
  run(task: string, input: unknown, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

export interface RetentionPorts {
  policy: RetentionPolicy;
  intervalMs: number;
  writer: RequestBook<UpkeepCommand>;
  desk: RetentionDesk;
  /** `onFailure`: threads fail for which nobody waits, or cannot start. */
  createPool(onFailure: (error: Error) => void): ArchivePool;
  disk(): Promise<DiskSpace>;
  /** What the reserve holds of it. */
  reservedBytes(): number;
  telemetry: Telemetry;
  /** A block of the ledger does not match its leaf. */
  onDamage(damage: { block: number; reason: string }): void;
  /** Says in the ledger what a run did. */
  record(report: RetentionReport): void;
}

export function retentionSpec(ports: RetentionPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'retention',
    backoff: { minMs: 50, maxMs: 5_000, factor: 2, jitter: 0.2, resetAfterMs: 30_000 },
    budget: { maxRestarts: 5, withinMs: 30_000, onExhausted: 'retrySlow' },
    start: (cell) => new Retention(cell, ports).behaviour(),
  };
}

class Retention {
  readonly #cell: CellContext<never>;
  readonly #ports: RetentionPorts;
  readonly #pool: ArchivePool;
  readonly #reserve: DiskReserve;
  readonly #stop = new AbortController();
  #cancelNext: () => void = () => undefined;

  constructor(cell: CellContext<never>, ports: RetentionPorts) {
    this.#cell = cell;
    this.#ports = ports;
    this.#pool = ports.createPool(cell.scope.wrap((error) => cell.crash(error)));
    this.#reserve = this.#newReserve();
    const due = cell.scope.wrap(() => cell.raise({ type: 'due' }));
    ports.desk.attach(this.#task, due);
    cell.scope.defer('retention desk', () => ports.desk.detach());
    cell.scope.defer('writer room', () => {
      if (ports.desk.room.room === 'none') ports.desk.room.change('open');
    });
    cell.scope.defer('archive threads', () => this.#close());
    cell.scope.after(FIRST_DISK_MS, () => this.#watchDisk());
    cell.scope.every(DISK_INTERVAL_MS, () => this.#watchDisk());
    cell.scope.every(FULL_DISK_INTERVAL_MS, () => {
      if (ports.desk.room.room === 'inside') this.#watchDisk();
    });
    this.#cancelNext = cell.scope.after(Math.min(FIRST_RUN_MS, ports.intervalMs), due);
  }

  behaviour() {
    return behaviour({
      machine: retentionMachine,
      effects: {
        'effect.rest': () => {
          if (this.#ports.desk.isAsked) this.#cell.raise({ type: 'due' });
        },
        'effect.run': () => this.#run(),
        'effect.closePool': () => {
          const done = this.#cell.scope.wrap(() => this.#cell.raise({ type: 'poolClosed' }));
          void this.#close().then(done, done);
        },
      },
      status: () => ({ note: this.#ports.desk.note }),
    });
  }

  #run = this.#wrapped(async () => {
    const { desk, telemetry, intervalMs, record } = this.#ports;
    this.#cancelNext();
    const pressure = desk.begin();
    const run = new RetentionRun(this.#runPorts());
    let nextMs = intervalMs;
    try {
      const report = await run.run(pressure);
      desk.finish({ ok: true, report }, this.#cell.clock.nowMs());
      if (report.stopped !== null) telemetry.emit('RetentionStopped', { reason: report.stopped });
      if (report.isStuck) telemetry.emit('DiskStaysFull', {});
    } catch (error) {
      // A run that was stopped did not fail: the next incarnation goes on with it.
      if (this.#stop.signal.aborted) return;
      if (!isCodiError(error)) throw error;
      nextMs = Math.min(intervalMs, RETRY_MS);
      desk.finish({ ok: false, error }, this.#cell.clock.nowMs());
      telemetry.emit('RetentionFailed', { code: error.code, reason: error.message });
    } finally {
      if (hasChanged(run.report) || run.report.releasedBytes > 0) record(run.report);
    }
    if (run.report.releasedBytes > 0) this.#cleared(run.report);
    const due = () => this.#cell.raise({ type: 'due' });
    this.#cancelNext = this.#cell.scope.after(nextMs, due);
    this.#cell.raise({ type: 'finished' });
  });

  #cleared({ durationMs }: RetentionReport): void {
    const { desk, telemetry } = this.#ports;
    desk.relieve();
    telemetry.emit('DiskCleared', { durationMs });
    this.#watchDisk();
  }

  #newReserve(): DiskReserve {
    const { policy, disk, telemetry, reservedBytes } = this.#ports;
    return new DiskReserve({
      policy,
      disk,
      held: reservedBytes,
      make: (bytes) => this.#task('reserveDisk', { bytes }),
      release: () => this.#task('releaseReserve', {}),
      onMade: (bytes) => telemetry.emit('DiskReserveMade', { bytes }),
    });
  }

  #runPorts() {
    const { policy, disk, reservedBytes, telemetry, desk, writer, onDamage } = this.#ports;
    const { clock, scope } = this.#cell;
    return {
      policy,
      disk,
      reserve: this.#reserve,
      room: desk.room,
      reservedBytes,
      run: this.#task,
      change: (command: UpkeepCommand) => writer.request<UpkeepResult>(command),
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      pause: (durationMs: number) =>
        new Promise<void>((resolve) => void scope.after(durationMs, resolve)),
      onSegment: (segment: { entries: number; bytes: number; fileBytes: number }) => {
        const { entries, bytes, fileBytes } = segment;
        telemetry.emit('SegmentArchived', { entries, bytes, fileBytes });
        desk.progress();
      },
      onDamage,
      onReleased: (bytes: number) => telemetry.emit('DiskReserveReleased', { bytes }),
    };
  }

  readonly #task: RunTask = async (task, input) => {
    try {
      return (await this.#pool.run(task, input, this.#stop.signal)) as never;
    } catch (error) {
      // A task reports expected failures as plain objects: an Error loses its code between threads.
      const isWire = typeof error === 'object' && error !== null && !(error instanceof Error);
      if (isWire && 'code' in error) throw CodiError.fromWire(error as WireError);
      if (this.#stop.signal.aborted) throw new CodiError('CODI_SHUTTING_DOWN');
      throw error;
    }
  };

  #watchDisk = this.#wrapped(async () => {
    const { policy, disk, desk, telemetry, reservedBytes } = this.#ports;
    if (desk.room.room !== 'none') await this.#reserve.keep();
    const space = await disk();
    telemetry.emit('DiskMeasured', { freeBytes: space.freeBytes, reserveBytes: reservedBytes() });
    if (desk.room.room === 'inside' && isCleared(policy, space, reservedBytes()))
      desk.room.change('open');
    const pressure = pressureOf(policy, space);
    if (pressure === 'none') desk.measuredRoom();
    // A ledger that lives on the pages it has says itself when those are full.
    const isLow = pressure !== 'none' && desk.room.room === 'inside';
    desk.press(isLow ? 'low' : pressure, this.#cell.clock.nowMs());
  });

  /** A failing promise ends this actor, like a failing callback. */
  #wrapped(work: () => Promise<void>): () => void {
    return () => void this.#cell.scope.wrap(work)();
  }

  #close(): Promise<void> {
    this.#stop.abort();
    return this.#pool.close();
  }
}
