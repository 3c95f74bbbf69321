import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Pressure, RetentionPolicy } from '#codi/actors/storage/retention-policy.js';
import type { RetentionRunPorts } from '#codi/actors/storage/retention-ports.js';
import { RetentionRun } from '#codi/actors/storage/retention-run.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import { WriterRoom } from '#codi/actors/storage/writer-room.js';
import { sweepFiles, writeSegment } from '#codi/workers/storage/archive/archive-files.js';
import { ArchiveSegment } from '#codi/workers/storage/archive/archive-segment.js';
import {
  describeSpan,
  LiveBlocks,
  unlessDamaged,
} from '#codi/workers/storage/archive/live-blocks.js';
import { planSegment, readSpace } from '#codi/workers/storage/archive/plan-segment.js';
import { readSegments, SegmentTable } from '#codi/workers/storage/archive/segment-table.js';
import type { ArchiveTasks, UpkeepCommand } from '#codi/workers/storage/archive.messages.js';
import type { LedgerOptions } from '#codi/workers/storage/ledger.messages.js';
import { fileEvent, openLedger } from './ledger-store.ts';
import { bodyOf, context, entriesMessage, logEntry } from './ledger-thread.ts';

export const DAY_MS = 86_400_000;
/** Midnight, so that ages are whole days. */
export const NOW_MS = 20_000 * DAY_MS;

const POLICY: RetentionPolicy = {
  retentionDays: 90,
  sizeLimitBytes: 0,
  diskFloorBytes: 0,
  diskReserveBytes: 0,
  keepDays: 7,
  isArchiving: true,
  archiveDays: 0,
  segmentLimitBytes: 4_096,
  dropStepMs: 1,
};

const NOTHING_CHANGED = { rows: 0, isDropping: false, durationMs: 0 };

/** What a run asks for. */
type RunTasks = 'plan' | 'writeSegment' | 'describe' | 'segments' | 'space' | 'sweep';

/** A ledger with entries of many ages, and retention over it without threads. */
export class ArchiveWorld {
  readonly ledger: ReturnType<typeof openLedger>;
  readonly dataDir: string;
  readonly table: SegmentTable;
  disk = { freeBytes: 10 ** 12, totalBytes: 10 ** 12 };
  nowMs = NOW_MS;
  /** Grows by a millisecond with each look, so that every step of removing rows is a short one. */
  #tickMs = 0;
  #batch = 0;
  #sequence = 0;

  constructor(options: Partial<LedgerOptions> = {}) {
    this.ledger = openLedger({ tenantId: 'acme', ...options });
    this.dataDir = this.ledger.dataDir;
    // No power is lost here, and hundreds of worlds are made.
    this.ledger.database.pragma('synchronous = OFF');
    this.table = new SegmentTable(this.ledger.database, () => ++this.#tickMs);
    this.ledger.store.commit([{ type: 'openRoot', batch: 0, rootPath: '/w' as BytePath }], 1_000);
  }

  /** A block of log entries and file events. */
  commit(ageDays: number, { logs = 10, events = 3 } = {}): void {
    const frames = Array.from({ length: logs }, (_, at) => {
      const message = `entry ${this.#batch} ${at} häi \u2028`;
      return [context(), bodyOf(logEntry(message, { metadata: { at } }), randomUUID())] as const;
    });
    const batch = ++this.#batch;
    const records = Array.from({ length: events }, (_, at) =>
      fileEvent(at % 2 ? 'delete' : 'create', at % 3 ? `f${batch}` : `raw\xff${batch}`),
    );
    const root = { rootId: 1, rootPath: '/w' as BytePath };
    this.ledger.store.commit(
      [
        entriesMessage(batch, frames),
        { type: 'fileEvents', batch, ...root, sequence: ++this.#sequence, events: records },
      ],
      this.nowMs - ageDays * DAY_MS,
    );
  }

  ports(policy: Partial<RetentionPolicy> = {}): RetentionRunPorts {
    const { database } = this.ledger;
    const tasks: Pick<ArchiveTasks, RunTasks> = {
      plan: (input) => planSegment(database, input),
      writeSegment: ({ nowMs, ...blocks }) =>
        unlessDamaged(() => writeSegment(database, this.dataDir, blocks, nowMs)),
      describe: ({ nowMs, ...blocks }) =>
        unlessDamaged(() => describeSpan(new LiveBlocks(database), blocks, nowMs)),
      segments: () => readSegments(database),
      space: () => readSpace(database),
      sweep: () => sweepFiles(this.dataDir, readSegments(database)),
    };
    return {
      policy: { ...POLICY, ...policy },
      run: async (task, input) => (tasks[task as RunTasks] as (input: unknown) => never)(input),
      change: async (command: UpkeepCommand) =>
        command.type === 'restartLog' ? NOTHING_CHANGED : this.table.run(command),
      disk: async () => this.disk,
      reserve: { release: async () => 0, renew: async () => undefined },
      room: new WriterRoom(),
      reservedBytes: () => 0,
      nowMs: () => this.nowMs,
      monotonicMs: () => this.#tickMs,
      pause: async () => undefined,
      onSegment: () => undefined,
      onDamage: () => undefined,
      onReleased: () => undefined,
    };
  }

  retain(policy: Partial<RetentionPolicy> = {}, pressure: Pressure = 'none') {
    return new RetentionRun(this.ports(policy)).run(pressure);
  }

  numbers(table: 'logs' | 'file_events'): number[] {
    const key = table === 'logs' ? 'id' : 'seq';
    const sql = `SELECT ${key} FROM ${table} ORDER BY ${key}`;
    return this.ledger.database.prepare(sql).pluck().all() as number[];
  }

  segments() {
    return readSegments(this.ledger.database);
  }

  files(): string[] {
    try {
      return readdirSync(join(this.dataDir, 'archive')).toSorted();
    } catch {
      return [];
    }
  }

  path(file: string): string {
    return join(this.dataDir, 'archive', file);
  }

  /** Numbers of the entries in every recorded segment, in order. */
  archived(stream: 1 | 2): number[] {
    return this.segments().flatMap(({ file }) => {
      const segment = ArchiveSegment.open(this.path(file!));
      const numbers = [...segment.blocks()].flatMap((block) =>
        block.rows
          .filter((entry) => entry.stream === stream)
          .map(({ row }) => row[stream === 1 ? 'id' : 'seq'] as number),
      );
      segment.close();
      return numbers;
    });
  }

  close(): void {
    this.ledger.close();
  }
}
