import type { BodyOf, LogRow as WireLogRow } from '../../../protocol/messages.ts';
import type { LogRow } from '../canonical.ts';
import { ALL_HITS, HITS_AMONG, hitsOf } from '../full-text-search.ts';
import { wireRow } from '../log-row.ts';
import { PageRows } from '../page-rows.ts';
import type { ReadConnection } from '../read-connection.ts';
import type { Conditions } from '../sql-conditions.ts';
import { logColumns } from '../stored-rows.ts';
import { IN_RANGE, timeOrder, upTo, type TimeKey, type TimeRange } from '../time-key.ts';
import { conditionsById } from '../walk-log-ids.ts';
import { walkLogTimes, type TimeOrder } from '../walk-log-times.ts';
import { isKept, type KeptSegment } from './archived-blocks.ts';
import { GATHERED_MAX, type Gathering } from './gathering.ts';
import { IN_TABLES, LogPile, type PiledLog } from './log-pile.ts';
import { MemberQueue, type QueueMark } from './member-queue.ts';
import type { MemberTables } from './member-tables.ts';
import { DamagedSegment, type MemberIndex } from './segment-format.ts';
import { archivedThrough, DamagedFiles } from './segment-spans.ts';
import { readSegments } from './segment-table.ts';

type LogFilter = BodyOf<'QueryLogs'>['filter'];

/** A page that ends. `position` is the key behind which the next one begins. */
export interface ArchivedPage {
  rows: WireLogRow[];
  next: { position: TimeKey; gathering?: Gathering } | undefined;
  damaged: DamagedFiles['found'];
}

/**
 * A page of log entries by time, from the tables and from segments. Entries carry the times of their senders, so any
 * part of any segment may hold the next one: parts are looked at in the order of their first possible entry, until
 * none that is left can have one for this page.
 */
export function archivedLogsByTime(
  connection: ReadConnection,
  { filter, limit }: { filter: LogFilter; limit: number },
  order: TimeOrder,
  gathered: Gathering | undefined,
): ArchivedPage {
  return new TimePage(connection, filter, order, limit).read(gathered);
}

class TimePage {
  readonly #connection: ReadConnection;
  readonly #filter: LogFilter;
  readonly #order: TimeOrder;
  readonly #page: PageRows<WireLogRow>;
  readonly #limit: number;
  readonly #damaged: DamagedFiles;
  readonly #members: MemberRows;
  readonly #deadlineMs: number;
  #segments: KeptSegment[] = [];
  #count = 0;
  #pile: LogPile;
  #mark: QueueMark | undefined;
  /** Parts from this second on were not looked at. */
  #unseen: number | undefined;

  constructor(connection: ReadConnection, filter: LogFilter, order: TimeOrder, limit: number) {
    this.#connection = connection;
    this.#filter = filter;
    this.#order = order;
    this.#limit = limit;
    this.#page = new PageRows(limit);
    this.#damaged = new DamagedFiles(connection);
    this.#members = new MemberRows(connection, filter, order.isNewest);
    this.#pile = new LogPile(order, limit + 1);
    this.#deadlineMs = performance.now() + connection.budgetMs;
  }

  read(gathered: Gathering | undefined): ArchivedPage {
    this.#readTables(gathered);
    this.#lookAtMembers();
    const position = this.#giveOut();
    const next = position && { position, ...this.#rest() };
    return { rows: this.#page.rows, next, damaged: this.#damaged.found };
  }

  /** Tables and the list of segments in one moment: what moves meanwhile is in one of both. */
  #readTables(gathered: Gathering | undefined): void {
    this.#connection.snapshot((database) => {
      const segments = readSegments(database);
      this.#segments = segments.filter(isKept);
      this.#count = segments.length;
      if (gathered?.segments === segments.length) {
        this.#mark = gathered.mark;
        this.#pile = new LogPile(this.#order, this.#limit + 1, gathered.logs, gathered.end);
        return;
      }
      const isMoving = segments.some(({ isDropped }) => !isDropped);
      const aboveId = isMoving ? archivedThrough(segments, 'logs') : 0;
      const taker = this.#pile.taker(IN_TABLES);
      const limits = { budgetMs: this.#connection.budgetMs / 2, aboveId };
      const end = walkLogTimes(this.#connection, this.#filter, this.#order, taker, limits);
      if (end) this.#pile.endAt(end);
      taker.close();
    });
  }

  /** At least one part each time, so that every page gets on. */
  #lookAtMembers(): void {
    const { archive } = this.#connection;
    const queue = new MemberQueue(archive, this.#segments, this.#order, this.#damaged, this.#mark);
    for (let hasLooked = false; ; hasLooked = true) {
      const first = queue.peek();
      if (!first || this.#isBehindEnd(first.mark[0])) return;
      if (hasLooked && performance.now() >= this.#deadlineMs) {
        [this.#unseen] = first.mark;
        return;
      }
      queue.take();
      this.#mark = first.mark;
      this.#look(first.segment, first.member, first.mark);
    }
  }

  #look(segment: KeptSegment, member: MemberIndex, [, n, at]: QueueMark): void {
    const { range, isNewest } = this.#order;
    const { end } = this.#pile;
    const taker = this.#pile.taker([n, at]);
    try {
      const tables = this.#connection.archive.tables(segment, member);
      const rest = end ? upTo(range, end, isNewest) : range;
      for (const row of this.#members.inOrder(tables, rest, taker.wanted))
        if (!taker.take(row)) break;
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error;
      this.#damaged.add(segment, error);
    }
    taker.close();
  }

  /** Gives out what nothing unseen can come before; returns where to go on. */
  #giveOut(): TimeKey | undefined {
    let given = 0;
    let position = this.#start();
    try {
      for (const log of this.#pile.logs) {
        if (this.#isUnsure(log.key) || (!log.row && this.#isLate())) return position;
        const row = log.row ?? this.#fetch(log);
        // It has moved since: whoever asks again finds it where it is.
        if (!row && log.place[0] === IN_TABLES[0]) return this.#forget(position);
        if (row && !this.#page.add(wireRow(row))) return this.#forget(position);
        position = log.key;
        given += 1;
      }
    } finally {
      this.#pile.drop(given);
    }
    return this.#unseen === undefined ? this.#pile.end : position;
  }

  #start(): TimeKey {
    const { isNewest, range } = this.#order;
    return isNewest ? range.upper : range.lower;
  }

  /** What the next page need not look for again. */
  #rest(): { gathering?: Gathering } {
    if (!this.#mark || (this.#unseen === undefined && this.#pile.logs.length === 0)) return {};
    if (this.#page.isFull) return {};
    this.#pile.cutTo(GATHERED_MAX);
    const { end, logs } = this.#pile;
    return { gathering: { segments: this.#count, mark: this.#mark, end, logs: [...logs] } };
  }

  #forget(position: TimeKey): TimeKey {
    this.#mark = undefined;
    return position;
  }

  #fetch({ key, place: [n, at] }: PiledLog): LogRow | undefined {
    if (n === IN_TABLES[0]) return this.#members.one(this.#connection, key[2]);
    const segment = this.#segments.find((one) => one.n === n);
    try {
      const member = segment && this.#connection.archive.members(segment)[at];
      return member && this.#members.one(this.#connection.archive.tables(segment, member), key[2]);
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error;
      this.#damaged.add(segment!, error);
      return undefined;
    }
  }

  #isLate(): boolean {
    return this.#page.rows.length > 0 && performance.now() >= this.#deadlineMs;
  }

  #isUnsure([seconds]: TimeKey): boolean {
    if (this.#unseen === undefined) return false;
    return this.#order.isNewest ? seconds <= this.#unseen : seconds >= this.#unseen;
  }

  #isBehindEnd(edge: number): boolean {
    const { end } = this.#pile;
    if (!end) return false;
    return this.#order.isNewest ? edge < end[0] : edge > end[0];
  }
}

/** What is asked of the tables of one part, and of the ledger's for single entries. */
class MemberRows {
  readonly #ofOne: Conditions;
  readonly #ofMany: Conditions;
  readonly #needsWords: boolean;
  readonly #isNewest: boolean;

  constructor(connection: ReadConnection, filter: LogFilter, isNewest: boolean) {
    this.#isNewest = isNewest;
    this.#ofOne = conditionsById(filter);
    this.#ofMany = conditionsById(filter);
    this.#needsWords = Boolean(filter.full_text);
    if (!filter.full_text) return;
    const words = hitsOf(connection, filter.full_text);
    this.#ofOne.add(HITS_AMONG, words);
    this.#ofMany.add(ALL_HITS, words);
  }

  inOrder(tables: MemberTables, range: TimeRange, limit: number): Iterable<LogRow> {
    if (this.#needsWords) tables.indexWords();
    const { andSql, values } = this.#ofMany;
    const sql = `SELECT ${logColumns(tables)} FROM logs NOT INDEXED
      WHERE ${IN_RANGE}${andSql} ${timeOrder(this.#isNewest)} LIMIT ?`;
    const all = [...range.lower, ...range.upper, ...values, limit];
    return tables.prepare(sql).iterate(...all) as Iterable<LogRow>;
  }

  one(tables: MemberTables | ReadConnection, id: number): LogRow | undefined {
    if (this.#needsWords && 'indexWords' in tables) tables.indexWords();
    const { andSql, values } = this.#ofOne;
    const sql = `SELECT ${logColumns(tables)} FROM logs NOT INDEXED WHERE id = ?${andSql}`;
    return tables.prepare(sql).get(id, ...values) as LogRow | undefined;
  }
}
