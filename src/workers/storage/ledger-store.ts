import type { Retold } from '../../protocol/content-move.ts';
import { countEvents } from '../../protocol/packed-events.ts';
import { ActStream } from './act-stream.ts';
import { AnswerBook } from './answer-book.ts';
import { BlockWriter, type BlockRange } from './block.ts';
import type { CanonicalBuffer } from './canonical.ts';
import { STREAMS } from './codes.ts';
import { EntryIntake, type EntryGroup, type EntryPorts } from './entry-intake.ts';
import { EventIntake } from './event-intake.ts';
import { ExportStream } from './export-stream.ts';
import { FullTextIndex, isIndexDamage } from './full-text-index.ts';
import { readHeads, type GroupHeads } from './group-heads.ts';
import type {
  LedgerOptions,
  LedgerWork,
  RejectedCounts,
  RootAnswer,
  StreamRange,
} from './ledger.messages.ts';
import type { SqliteDatabase, SqliteStatement } from './open-database.ts';

const DEFAULT_RECENT_IDS = 100_000;

/** What a committed group did. */
export interface GroupResult {
  settled: number[];
  /** File batches that came before the one they follow: they must be sent again. */
  outOfOrder: number[];
  roots: RootAnswer[];
  block: number | null;
  logs: StreamRange | null;
  files: StreamRange | null;
  /** Stored batches of file events, each with the number that its first event has got. */
  fileStarts: [batch: number, firstSeq: number, retold: Retold][];
  acts: StreamRange | null;
  exports: StreamRange | null;
  bytes: number;
  answers: AnswerBook;
  duplicates: number;
  rejected: RejectedCounts;
}

/** The tables of ledger.db and the one way to change them: a group of messages in one transaction. */
export class LedgerStore {
  readonly #begin: SqliteStatement;
  readonly #commit: SqliteStatement;
  readonly #blocks: BlockWriter;
  readonly entries: EntryIntake;
  readonly #events: EventIntake;
  readonly #acts: ActStream;
  readonly #exports: ExportStream;
  readonly #database: SqliteDatabase;
  /** Only while it is switched on. */
  readonly fullText: FullTextIndex | undefined;
  #heads: GroupHeads;

  constructor(database: SqliteDatabase, options: LedgerOptions, ports: EntryPorts) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#blocks = new BlockWriter(database);
    this.entries = new EntryIntake(database, options.recentIds ?? DEFAULT_RECENT_IDS, ports);
    this.#events = new EventIntake(database, options);
    this.#acts = new ActStream(database, options);
    this.#exports = new ExportStream(database, options);
    this.fullText = FullTextIndex.open(database, options.fullText === true);
    this.#heads = readHeads(database);
  }

  get heads(): Readonly<GroupHeads> {
    return this.#heads;
  }

  /** Commits a group, all or nothing. When it throws nothing was taken, in the tables and in memory. */
  commit(work: readonly LedgerWork[], nowMs: number): GroupResult {
    try {
      return this.#commitOnce(work, nowMs);
    } catch (error) {
      if (!this.fullText || !isIndexDamage(error)) throw error;
      // The index holds nothing that the entries do not: it is made anew, and the group is taken again.
      this.fullText.rebuild();
      return this.#commitOnce(work, nowMs);
    }
  }

  #commitOnce(work: readonly LedgerWork[], nowMs: number): GroupResult {
    try {
      this.#begin.run();
      const { group, result } = this.#take(work, nowMs);
      this.#commit.run();
      this.#heads = group.heads;
      this.entries.committed();
      this.#events.reset();
      this.#acts.reset();
      this.#exports.reset();
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    this.entries.rolledBack();
    this.#events.reset();
    this.#acts.reset();
    this.#exports.reset();
    // SQLite rolls back by itself on a full disk or an I/O error.
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
  }

  #take(work: readonly LedgerWork[], nowMs: number): { group: EntryGroup; result: GroupResult } {
    const before = this.#heads;
    const answers = new AnswerBook();
    const group: EntryGroup = { heads: { ...before }, answers, nowMs, duplicates: 0, rejected: {} };
    const result: GroupResult = {
      settled: [],
      outOfOrder: [],
      roots: [],
      block: null,
      logs: null,
      files: null,
      fileStarts: [],
      acts: null,
      exports: null,
      bytes: 0,
      answers,
      duplicates: 0,
      rejected: {},
    };
    for (const message of work) this.#takeMessage(message, group, result);
    this.entries.flush(nowMs);
    this.#events.flush();
    result.logs = rangeOf(before.logs, group.heads.logs);
    result.files = rangeOf(before.fileEvents, group.heads.fileEvents);
    result.acts = rangeOf(before.acts, group.heads.acts);
    result.exports = rangeOf(before.exports, group.heads.exports);
    if (result.logs) this.fullText?.add(result.logs);
    this.#appendBlock(before, group, result);
    result.duplicates = group.duplicates;
    result.rejected = group.rejected;
    return { group, result };
  }

  #takeMessage(message: LedgerWork, group: EntryGroup, result: GroupResult): void {
    const { batch } = message;
    switch (message.type) {
      case 'entries':
        this.entries.take(message, group);
        result.settled.push(batch);
        return;
      case 'fileEvents': {
        const firstSeq = group.heads.fileEvents + 1;
        const taken = this.#events.take(message, group.heads);
        const { verdict } = taken;
        if (taken.verdict === 'stored') result.fileStarts.push([batch, firstSeq, taken.retold]);
        if (verdict === 'duplicate') group.duplicates += countEvents(message.events);
        (verdict === 'outOfOrder' ? result.outOfOrder : result.settled).push(batch);
        return;
      }
      case 'openRoot': {
        const opened = this.#events.openRoot(message, group.heads, group.nowMs);
        result.roots.push({ type: 'rootOpened', batch, ...opened });
        return;
      }
      case 'acts':
        this.#acts.take(message, group.heads);
        result.settled.push(batch);
        return;
      case 'exports':
        this.#exports.take(message, group.heads);
        result.settled.push(batch);
    }
  }

  /** The group's new entries become one block; a group without any leaves no block. */
  #appendBlock(before: GroupHeads, group: EntryGroup, result: GroupResult): void {
    const { heads } = group;
    const streams: [BlockRange['stream'], StreamRange | null, CanonicalBuffer][] = [
      [STREAMS.logs, result.logs, this.entries.stream.canonical],
      [STREAMS.fileEvents, result.files, this.#events.stream.canonical],
      [STREAMS.roots, rangeOf(before.roots, heads.roots), this.#events.roots.canonical],
      [STREAMS.acts, result.acts, this.#acts.canonical],
      [STREAMS.exports, result.exports, this.#exports.canonical],
    ];
    const ranges: BlockRange[] = [];
    const parts: CanonicalBuffer[] = [];
    for (const [stream, range, canonical] of streams) {
      if (!range) continue;
      ranges.push({ stream, first: range.first, last: range.last });
      parts.push(canonical);
      result.bytes += canonical.length;
    }
    if (ranges.length === 0) return;
    // Never decreasing and never before its events: queries by time search blocks by it.
    const committedMs = Math.max(group.nowMs, before.committedMs ?? 0, this.#events.latestMs);
    result.block = heads.blocks;
    this.#blocks.append(heads.blocks, committedMs, ranges, parts);
    heads.blocks += 1;
    heads.committedMs = committedMs;
  }
}

function rangeOf(before: number, after: number): StreamRange | null {
  return after === before ? null : { first: before + 1, last: after, count: after - before };
}
