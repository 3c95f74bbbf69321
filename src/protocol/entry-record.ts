import { CodiError } from './errors.ts';
import { isTextWithinLimit } from './json-text.ts';
import { FIELD_LIMITS, LIST_SCAN_LIMITS, SCAN_LIMITS } from './limits.ts';
import type { ScanLimits } from './limits.ts';
import type { Timestamp } from './timestamp.ts';
import { uuidFromBytes } from './uuid.ts';

/** A log entry as it is stored. */
export interface EntryRecord {
  readonly seconds: number;
  readonly nanos: number;
  /** 0 to 4: position in `LEVELS`. */
  readonly level: number;
  readonly component: string;
  readonly message: string;
  /** JSON text. */
  readonly metadata: string | null;
  readonly sessionId: string | null;
  /** Of its producer; entries of a batch count on from the first. */
  readonly sequence: number | null;
}

export type LogEntryRecord = EntryRecord;

/** An entry of a batch that was not taken; the others were. */
export interface RejectedEntry {
  readonly index: number;
  readonly code: 'CODI_ENTRY_INVALID';
  readonly reason: string;
}

/** What a LogEntry or LogBatch message carries. */
export class DecodedEntries {
  readonly ok = true;
  /** The 16 bytes of the message's UUID; may be a view of the body. */
  readonly idBytes: Uint8Array;
  readonly timestamp: Timestamp;
  readonly entries: readonly EntryRecord[];
  readonly rejected: readonly RejectedEntry[];
  /** Sequence of the entry, or of the first entry of the batch, taken or not. */
  readonly sequence: number | null;
  /** Entries that were sent: those taken and those rejected. */
  readonly count: number;

  constructor(
    idBytes: Uint8Array,
    timestamp: Timestamp,
    entries: readonly EntryRecord[],
    rejected: readonly RejectedEntry[],
    sequence: number | null,
  ) {
    this.idBytes = idBytes;
    this.timestamp = timestamp;
    this.entries = entries;
    this.rejected = rejected;
    this.sequence = sequence;
    this.count = entries.length + rejected.length;
  }

  /** The message's UUID as text. */
  get id(): string {
    return uuidFromBytes(this.idBytes);
  }
}

export type EntriesResult =
  | DecodedEntries
  /** `id` is there when the message could be read that far, so that it can be answered. */
  | { readonly ok: false; readonly error: CodiError; readonly id?: string };

/** Fields of an entry in the order of the compact form. */
export const FIELD = {
  level: 0,
  component: 1,
  message: 2,
  metadata: 3,
  sessionId: 4,
  /** LogEntry only. */
  sequence: 5,
  /** LogBatch only, at the same place. */
  timestamp: 6,
  unknown: 7,
} as const;

/** Why an entry is not taken, worded alike for both formats. */
export const REASON = {
  shape: 'an entry must be a map',
  level: 'level must be one of Trace, Debug, Info, Warn, Error',
  component: `component must be a string of at most ${FIELD_LIMITS.component} bytes`,
  message: `message must be a string of at most ${FIELD_LIMITS.message} bytes`,
  metadata: `metadata must not be longer than ${FIELD_LIMITS.metadata} bytes as JSON`,
  sessionId: `session_id must be a string of at most ${FIELD_LIMITS.sessionId} bytes`,
  sequence: 'sequence must be a whole number from 0 to 2^53 - 1',
  timestamp: 'timestamp must be an RFC 3339 time',
} as const;

/** The entry that is being read, of either format. Used again for the next one. */
export class EntryDraft {
  level = -1;
  component: string | undefined;
  message: string | undefined;
  metadata: string | null = null;
  sessionId: string | null = null;
  sequence: number | null = null;
  timestamp: Timestamp | undefined;

  clear(): void {
    this.level = -1;
    this.component = undefined;
    this.message = undefined;
    this.metadata = null;
    this.sessionId = null;
    this.sequence = null;
    this.timestamp = undefined;
  }

  /** What is wrong with the entry as a whole, when each field by itself is right. */
  fault(): string | undefined {
    if (this.level < 0) return REASON.level;
    if (this.component === undefined) return REASON.component;
    if (this.message === undefined) return REASON.message;
    if (!isTextWithinLimit(this.component, FIELD_LIMITS.component)) return REASON.component;
    if (!isTextWithinLimit(this.message, FIELD_LIMITS.message)) return REASON.message;
    if (this.sessionId !== null && !isTextWithinLimit(this.sessionId, FIELD_LIMITS.sessionId)) {
      return REASON.sessionId;
    }
    if (this.metadata !== null && !isTextWithinLimit(this.metadata, FIELD_LIMITS.metadata)) {
      return REASON.metadata;
    }
    return undefined;
  }

  /** The finished entry; `fault` has found nothing. The time is that of the message if it has none. */
  record(messageTime: Timestamp): EntryRecord {
    const time = this.timestamp ?? messageTime;
    return {
      seconds: time.seconds,
      nanos: time.nanos,
      level: this.level,
      component: this.component as string,
      message: this.message as string,
      metadata: this.metadata,
      sessionId: this.sessionId,
      sequence: this.sequence,
    };
  }
}

/** Whether the value is a sequence, a first sequence, or any other count. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A LogBatch carries many values by nature, a LogEntry does not. */
export function entryScanLimits(kind: string | undefined): ScanLimits {
  return kind === 'LogBatch' ? LIST_SCAN_LIMITS : SCAN_LIMITS;
}

export function rejectedEntry(index: number, reason: string): RejectedEntry {
  return { index, code: 'CODI_ENTRY_INVALID', reason };
}

export function failed(error: CodiError, idBytes?: Uint8Array): EntriesResult {
  return idBytes === undefined
    ? { ok: false, error }
    : { ok: false, error, id: uuidFromBytes(idBytes) };
}

/** The answer for a message of one entry. */
export function decodedEntry(
  idBytes: Uint8Array,
  timestamp: Timestamp,
  draft: EntryDraft,
  reason: string | undefined,
): EntriesResult {
  if (reason !== undefined) return failed(new CodiError('CODI_ENTRY_INVALID', { reason }), idBytes);
  const { sequence } = draft;
  return new DecodedEntries(idBytes, timestamp, [draft.record(timestamp)], [], sequence);
}
