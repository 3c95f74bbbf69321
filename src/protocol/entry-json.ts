import {
  decodedEntry,
  DecodedEntries,
  EntryDraft,
  entryScanLimits,
  failed,
  isCount,
  REASON,
  rejectedEntry,
} from './entry-record.ts';
import type { EntriesResult, EntryRecord, RejectedEntry } from './entry-record.ts';
import { numberEntries } from './entry-sequence.ts';
import { isMap, messageError, parseBody, readEnvelope, splitPayload } from './envelope.ts';
import { isCodiError } from './errors.ts';
import { stringifyJson } from './json-text.ts';
import type { JsonValue } from './json-value.ts';
import { LEVELS } from './kinds.ts';
import type { MessagePorts } from './messages.ts';
import type { PackedValue } from './msgpack-decode.ts';
import { peekKind } from './peek.ts';
import { parseRfc3339 } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';
import { uuidToBytes } from './uuid.ts';

type Fields = Record<string, PackedValue | undefined>;

const ENTRY_KEYS = ['level', 'component', 'message', 'metadata', 'session_id', 'sequence'];
const BATCH_ENTRY_KEYS = [...ENTRY_KEYS.slice(0, -1), 'timestamp'];
const BATCH_KEYS = ['entries', 'first_sequence'];
const LEVEL_NUMBERS: ReadonlyMap<unknown, number> = new Map(
  LEVELS.map((level, number) => [level, number]),
);
const draft = new EntryDraft();

/** Decodes a LogEntry or LogBatch from JSON, short form included. */
export function decodeJsonEntries(body: Buffer, ports: MessagePorts): EntriesResult {
  let idBytes: Buffer | undefined;
  try {
    const limits = entryScanLimits(peekKind(body, 'json').kind);
    const { id, timestamp, payload } = readEnvelope(parseBody(body, 'json', limits), 'json', ports);
    if (id === undefined) throw messageError('id must be a UUID');
    idBytes = uuidToBytes(id);
    if (timestamp === undefined) throw messageError('timestamp must be an RFC 3339 time');
    const [kind, value] = splitPayload(payload);
    if (kind === 'LogBatch') return readBatch(fieldsOf(value, BATCH_KEYS), idBytes, timestamp);
    if (kind !== 'LogEntry') throw messageError('it carries no log entries');
    return decodedEntry(idBytes, timestamp, draft, readEntry(value, ENTRY_KEYS));
  } catch (error) {
    if (!isCodiError(error)) throw error;
    return failed(error, idBytes);
  }
}

function readBatch(batch: Fields | undefined, idBytes: Buffer, time: Timestamp): EntriesResult {
  const list = batch?.['entries'];
  const first = batch?.['first_sequence'] ?? null;
  if (!Array.isArray(list)) throw messageError('LogBatch: entries must be a list');
  const entries: EntryRecord[] = [];
  const rejected: RejectedEntry[] = [];
  for (const [index, value] of list.entries()) {
    const reason = readEntry(value, BATCH_ENTRY_KEYS);
    if (reason === undefined) entries.push(draft.record(time));
    else rejected.push(rejectedEntry(index, reason));
  }
  if (first === null) return new DecodedEntries(idBytes, time, entries, rejected, null);
  if (!isCount(first) || !isCount(first + list.length)) {
    throw messageError(`LogBatch: first_${REASON.sequence}`);
  }
  numberEntries(entries, rejected, first);
  return new DecodedEntries(idBytes, time, entries, rejected, first);
}

/** Reads one entry into the draft; gives the reason when it is not valid. */
function readEntry(value: PackedValue, keys: readonly string[]): string | undefined {
  draft.clear();
  const fields = fieldsOf(value, keys);
  if (fields === undefined) return REASON.shape;
  const { level, component, message, metadata } = fields;
  const sessionId = fields['session_id'] ?? null;
  draft.level = LEVEL_NUMBERS.get(level) ?? -1;
  if (draft.level < 0) return REASON.level;
  if (typeof component !== 'string') return REASON.component;
  draft.component = component;
  if (typeof message !== 'string') return REASON.message;
  draft.message = message;
  if (sessionId !== null && typeof sessionId !== 'string') return REASON.sessionId;
  draft.sessionId = sessionId;
  draft.metadata =
    metadata === undefined || metadata === null ? null : stringifyJson(metadata as JsonValue);
  return readLast(fields, keys) ?? draft.fault();
}

function readLast(fields: Fields, keys: readonly string[]): string | undefined {
  const last = keys[keys.length - 1] as string;
  const value = fields[last] ?? null;
  if (value === null) return undefined;
  if (last === 'sequence') {
    if (!isCount(value)) return REASON.sequence;
    draft.sequence = value;
    return undefined;
  }
  draft.timestamp = typeof value === 'string' ? parseRfc3339(value) : undefined;
  return draft.timestamp === undefined ? REASON.timestamp : undefined;
}

/** The fields by name, also when the struct was written as an array. */
function fieldsOf(value: PackedValue, keys: readonly string[]): Fields | undefined {
  if (isMap(value)) return value;
  if (!Array.isArray(value)) return undefined;
  return Object.fromEntries(keys.map((key, index) => [key, value[index]]));
}
