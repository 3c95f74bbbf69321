import type { LogEntryInput } from '../../client/log-entry.ts';
import type { MonitorClient } from '../../client/monitor-client.ts';
import { isRecord } from './classify.ts';
import { DuplicateWindow } from './duplicate-window.ts';
import { importIdOf } from './import-identity.ts';
import type { RecordOwner } from './import-identity.ts';
import { findMark, writeMark } from './import-mark.ts';
import { emptyTally, recordsIn } from './import-tally.ts';
import type { ImportTally } from './import-tally.ts';
import { LedgerLanes } from './ledger-lanes.ts';
import { ledgerRecordOf, tooLarge } from './ledger-record.ts';
import type { LedgerRecord } from './ledger-record.ts';
import { LogReader } from './log-reader.ts';
import type { OpenLog } from './open-log.ts';
import { PrefixCheck } from './prefix-check.ts';
import { unreadable } from './read-event.ts';
import type { JsonObject, ReadRecord, Unreadable } from './read-event.ts';

/** What an import needs beside the log. */
export interface ImportPorts {
  nowMs(): number;
  /** The daemon; undefined when nothing is to be written. */
  ledger: LedgerPorts | undefined;
  /** Told of every record that is no duplicate. */
  onRecord(entry: LedgerRecord, object: JsonObject): Promise<void> | undefined;
  onUnreadable(event: Unreadable): Promise<void>;
  /** Stops between two pieces of the log. */
  signal: AbortSignal;
}

export interface LedgerPorts {
  /** For questions and marks. */
  desk: MonitorClient;
  connect(producerId: string, owner: RecordOwner): Promise<MonitorClient>;
}

/** A mark each so many entries: what is imported again after a kill is not compared beyond the last one. */
const MARK_EVERY = 100_000;
const NEWLINE = 0x0a;

/** Reads one log and brings to the ledger what it does not have yet. */
export class ImportRun {
  readonly tally: ImportTally;
  readonly #log: OpenLog;
  readonly #name: string;
  readonly #ports: ImportPorts;
  readonly #reader = new LogReader(isRecord);
  readonly #duplicates = new DuplicateWindow();
  readonly #check: PrefixCheck;
  #lanes: LedgerLanes | undefined;
  #importId: string | undefined;
  #sinceMark = 0;
  /** The records of all bytes so far were looked at. */
  #isSettled = true;

  /** `name`: of the log where two begin alike, else empty. */
  constructor(log: OpenLog, path: string, name: string, ports: ImportPorts) {
    this.tally = emptyTally(path);
    this.#log = log;
    this.#name = name;
    this.#ports = ports;
    this.#check = new PrefixCheck(path);
  }

  get log(): OpenLog {
    return this.#log;
  }

  /**
   * Resolves when everything that was read is on disk, after an abort as well.
   *
   * @throws CodiError CODI_IMPORT_CHANGED, CODI_IMPORT_DAMAGED, or what keeps entries from being written
   */
  async run(): Promise<void> {
    const startMs = this.#ports.nowMs();
    try {
      try {
        for await (const chunk of this.#log.chunks()) {
          await this.#readChunk(chunk);
          if (this.#ports.signal.aborted) break;
        }
        if (!this.#ports.signal.aborted) await this.#takeAll(this.#reader.end());
      } finally {
        // Also before a place that cannot be read.
        if (this.#sinceMark > 0 && this.#isSettled) await this.#mark();
      }
    } finally {
      await this.#lanes?.close();
      this.tally.imported = this.#lanes?.accepted ?? 0;
      this.tally.bytes = this.#check.bytes;
      this.tally.is_shorter = this.#check.isDue;
      this.tally.duration_ms = this.#ports.nowMs() - startMs;
    }
  }

  /** Entries on disk by now. */
  get imported(): number {
    return this.#lanes?.accepted ?? 0;
  }

  async #readChunk(chunk: Uint8Array): Promise<void> {
    for (let start = 0; start < chunk.length;) {
      const part = chunk.subarray(start, this.#partEnd(chunk, start));
      this.#isSettled = false;
      this.#check.add(part);
      await this.#takeAll(this.#reader.push(part));
      this.#isSettled = true;
      this.#check.reach();
      if (this.#sinceMark >= MARK_EVERY) await this.#mark();
      start += part.length;
    }
  }

  /** Line by line until the log is known, then up to where it was compared before. */
  #partEnd(chunk: Uint8Array, start: number): number {
    if (this.#importId !== undefined) {
      return Math.min(chunk.length, start + this.#check.bytesToMark);
    }
    const newline = chunk.indexOf(NEWLINE, start);
    return newline === -1 ? chunk.length : newline + 1;
  }

  async #takeAll(events: Iterable<ReadRecord | Unreadable>): Promise<void> {
    for (const event of events) {
      if (event.kind === 'record') await this.#take(event);
      else await this.#report(event);
    }
  }

  async #take(record: ReadRecord): Promise<void> {
    const { tally } = this;
    const { value, bytes, line, isMended } = record;
    await this.#begin(bytes);
    const entry = ledgerRecordOf(value);
    // Without a time two lines may say the same twice.
    if (entry.time !== undefined && this.#duplicates.isDuplicate(bytes)) {
      tally.duplicates += 1;
      return;
    }
    const reason = tooLarge(entry);
    if (reason !== undefined) return this.#report(unreadable('too-large', bytes, line));
    tally.kinds[entry.kind] += 1;
    if (isMended) tally.mended += 1;
    if (entry.time === undefined) tally.without_time += 1;
    await this.#ports.onRecord(entry, value);
    await this.#write(entry, line, bytes.length);
  }

  /** The first record says which log this is. */
  async #begin(bytes: Uint8Array): Promise<void> {
    if (this.#importId !== undefined) return;
    const importId = importIdOf(bytes, this.#name);
    this.#importId = importId;
    const { ledger } = this.#ports;
    if (!ledger) return;
    this.#check.expect(await findMark(ledger.desk, importId));
    this.#lanes = new LedgerLanes(importId, {
      connect: ledger.connect,
      onRefused: () => (this.tally.refused += 1),
    });
  }

  async #write(entry: LedgerRecord, line: number, size: number): Promise<void> {
    const lanes = this.#lanes;
    if (!lanes) return;
    const { tenantId, userId } = entry;
    const owner = { tenantId, userId };
    if (!(await lanes.isNext(owner))) {
      this.tally.known += 1;
      return;
    }
    this.#check.meetNew(line);
    this.#sinceMark += 1;
    await lanes.write(owner, entryOf(entry), { line, size });
  }

  async #mark(): Promise<void> {
    const { ledger } = this.#ports;
    if (!this.#lanes || !ledger || this.#importId === undefined) return;
    const lineEnd = this.#check.lineEnd();
    const records = recordsIn(this.tally);
    await this.#lanes.flush();
    await writeMark(ledger.desk, this.#importId, this.tally.file, { ...lineEnd, records });
    this.#sinceMark = 0;
  }

  async #report(event: Unreadable): Promise<void> {
    const { tally } = this;
    tally.unreadable += 1;
    tally.unreadable_by_reason[event.reason] = (tally.unreadable_by_reason[event.reason] ?? 0) + 1;
    await this.#ports.onUnreadable(event);
  }
}

function entryOf(entry: LedgerRecord): LogEntryInput {
  const { level, component, message, metadata, time, sessionId } = entry;
  return {
    level,
    component,
    message,
    ...(metadata && { metadata }),
    ...(time !== undefined && { timestamp: time }),
    ...(sessionId !== undefined && { session_id: sessionId }),
  };
}
