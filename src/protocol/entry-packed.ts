import {
  decodedEntry,
  DecodedEntries,
  EntryDraft,
  entryScanLimits,
  failed,
  FIELD,
  isCount,
  REASON,
  rejectedEntry,
} from './entry-record.ts';
import type { EntriesResult, EntryRecord, RejectedEntry } from './entry-record.ts';
import { numberEntries } from './entry-sequence.ts';
import { messageError } from './envelope.ts';
import { metadataText } from './metadata-text.ts';
import { MessagePackCursor } from './msgpack-cursor.ts';
import { scanMessagePack } from './msgpack-scan.ts';
import { readPackedEnvelope } from './packed-envelope.ts';
import { LastText } from './last-text.ts';
import { peekKind } from './peek.ts';
import { parseRfc3339 } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';

const LEVEL_NAMES = ['Trace', 'Debug', 'Info', 'Warn', 'Error'].map((name) => Buffer.from(name));
const ENTRY_KEYS = keyTable([
  ['level', FIELD.level],
  ['component', FIELD.component],
  ['message', FIELD.message],
  ['metadata', FIELD.metadata],
  ['session_id', FIELD.sessionId],
]);
const SEQUENCE_KEY = Buffer.from('sequence');
const TIMESTAMP_KEY = Buffer.from('timestamp');
const draft = new EntryDraft();
/** Entries come many to a millisecond and from few components: what was read last is often read again. */
const lastComponent = new LastText();
const lastTime = new LastText();
let lastTimestamp: Timestamp | undefined;

/** What the last field of an entry is: it depends on the message around it. */
type LastField = typeof FIELD.sequence | typeof FIELD.timestamp;

/** Decodes a LogEntry or LogBatch from MessagePack, in either form of structs. */
export function decodePackedEntries(body: Buffer): EntriesResult {
  const { kind } = peekKind(body, 'msgpack');
  const unsafe = scanMessagePack(body, entryScanLimits(kind));
  if (unsafe !== undefined) return failed(unsafe);
  const cursor = new MessagePackCursor(body);
  const envelope = readPackedEnvelope(cursor);
  if (!envelope.ok) return failed(envelope.error, envelope.idBytes);
  const { idBytes, timestamp } = envelope;
  if (envelope.kind === 'LogBatch') return readBatch(cursor, idBytes, timestamp);
  if (envelope.kind === 'LogEntry') {
    return decodedEntry(idBytes, timestamp, draft, readEntry(cursor, FIELD.sequence));
  }
  return failed(messageError('it carries no log entries'), idBytes);
}

function readBatch(cursor: MessagePackCursor, idBytes: Buffer, time: Timestamp): EntriesResult {
  const entries: EntryRecord[] = [];
  const rejected: RejectedEntry[] = [];
  let hasEntries = false;
  let first: number | bigint | null | undefined = null;
  const values = cursor.enterList();
  const count = values >= 0 ? values : cursor.enterMap();
  for (let index = 0; index < count; index++) {
    const field = values >= 0 ? index : batchField(cursor);
    if (field === 0) {
      // Of equal keys the last one counts.
      entries.length = rejected.length = 0;
      hasEntries = readEntries(cursor, time, entries, rejected);
      if (!hasEntries) break;
    } else if (field === 1) first = cursor.passNil() ? null : cursor.readNumber();
    else cursor.skip();
    if (first === undefined) break;
  }
  if (!hasEntries) return failed(messageError('LogBatch: entries must be a list'), idBytes);
  if (first === null) return new DecodedEntries(idBytes, time, entries, rejected, null);
  if (!isCount(first) || !isCount(first + entries.length + rejected.length)) {
    return failed(messageError(`LogBatch: first_${REASON.sequence}`), idBytes);
  }
  numberEntries(entries, rejected, first);
  return new DecodedEntries(idBytes, time, entries, rejected, first);
}

function batchField(cursor: MessagePackCursor): number {
  const key = cursor.readString();
  return key === 'entries' ? 0 : key === 'first_sequence' ? 1 : 2;
}

function readEntries(
  cursor: MessagePackCursor,
  time: Timestamp,
  entries: EntryRecord[],
  rejected: RejectedEntry[],
): boolean {
  const count = cursor.enterList();
  for (let index = 0; index < count; index++) {
    const start = cursor.offset;
    const reason = readEntry(cursor, FIELD.timestamp);
    if (reason === undefined) entries.push(draft.record(time));
    else {
      rejected.push(rejectedEntry(index, reason));
      cursor.offset = start;
      cursor.skip();
    }
  }
  return count >= 0;
}

/** Reads one entry into the draft; gives the reason when it is not valid. */
function readEntry(cursor: MessagePackCursor, last: LastField): string | undefined {
  draft.clear();
  const values = cursor.enterList();
  if (values >= 0) {
    for (let index = 0; index < values; index++) {
      const field =
        index < FIELD.sequence ? index : index === FIELD.sequence ? last : FIELD.unknown;
      const reason = readField(cursor, field);
      if (reason !== undefined) return reason;
    }
    return draft.fault();
  }
  const pairs = cursor.enterMap();
  if (pairs < 0) return REASON.shape;
  for (let index = 0; index < pairs; index++) {
    cursor.passString();
    const reason = readField(cursor, fieldOfKey(cursor, last));
    if (reason !== undefined) return reason;
  }
  return draft.fault();
}

function readField(cursor: MessagePackCursor, field: number): string | undefined {
  switch (field) {
    case FIELD.level:
      draft.level = cursor.passString() ? levelOfBlob(cursor) : -1;
      return draft.level < 0 ? REASON.level : undefined;
    case FIELD.component:
      draft.component = cursor.passString() ? lastComponent.read(cursor) : undefined;
      return draft.component === undefined ? REASON.component : undefined;
    case FIELD.message:
      draft.message = cursor.readString();
      return draft.message === undefined ? REASON.message : undefined;
    case FIELD.metadata:
      draft.metadata = cursor.passNil() ? null : metadataText(cursor);
      return undefined;
    case FIELD.sessionId:
      return readSessionId(cursor);
    case FIELD.sequence:
      return readSequence(cursor);
    case FIELD.timestamp:
      return readTimestamp(cursor);
    default:
      cursor.skip();
      return undefined;
  }
}

function readSessionId(cursor: MessagePackCursor): string | undefined {
  const text = cursor.passNil() ? null : cursor.readString();
  if (text === undefined) return REASON.sessionId;
  draft.sessionId = text;
  return undefined;
}

function readSequence(cursor: MessagePackCursor): string | undefined {
  const value = cursor.passNil() ? null : cursor.readNumber();
  if (value !== null && !isCount(value)) return REASON.sequence;
  draft.sequence = value;
  return undefined;
}

function readTimestamp(cursor: MessagePackCursor): string | undefined {
  draft.timestamp = undefined;
  if (cursor.passNil()) return undefined;
  if (cursor.passString()) {
    if (!lastTime.isSame(cursor)) lastTimestamp = parseRfc3339(lastTime.read(cursor));
    draft.timestamp = lastTimestamp;
  }
  return draft.timestamp === undefined ? REASON.timestamp : undefined;
}

function levelOfBlob(cursor: MessagePackCursor): number {
  for (let level = 0; level < LEVEL_NAMES.length; level++) {
    if (cursor.isBlob(LEVEL_NAMES[level] as Buffer)) return level;
  }
  return -1;
}

/** Lengths tell the keys of an entry apart, so that one comparison is enough. */
function fieldOfKey(cursor: MessagePackCursor, last: LastField): number {
  const known = ENTRY_KEYS[cursor.blobLength];
  if (known !== undefined && cursor.isBlob(known.name)) return known.field;
  const lastKey = last === FIELD.sequence ? SEQUENCE_KEY : TIMESTAMP_KEY;
  return cursor.isBlob(lastKey) ? last : FIELD.unknown;
}

interface Key {
  readonly name: Buffer;
  readonly field: number;
}

function keyTable(keys: readonly (readonly [string, number])[]): readonly (Key | undefined)[] {
  const table: (Key | undefined)[] = [];
  for (const [name, field] of keys) table[name.length] = { name: Buffer.from(name), field };
  return table;
}
