import { CodiError, isCodiError } from '../protocol/errors.ts';
import { FRAME_LIMIT_BYTES } from '../protocol/frame.ts';
import { SCAN_LIMITS } from '../protocol/limits.ts';
import type { MessagePackWriter } from '../protocol/msgpack-encode.ts';
import { formatRfc3339, parseRfc3339, timestampFromMs } from '../protocol/timestamp.ts';
import { checkEntry } from './log-entry.ts';
import type { LogEntryInput } from './log-entry.ts';

/** The entry, its message and payload around the metadata take some of the levels. */
const DEPTH_LIMIT = SCAN_LIMITS.depth - 6;
/** What is around one entry in its message, and more than that. */
const ENVELOPE_BYTES = 256;
const ENTRY_LIMIT_BYTES = FRAME_LIMIT_BYTES - ENVELOPE_BYTES;
const ENVELOPE_VALUES = 32;

/** Values of the entry that is being written, keys counted; shared, since nothing here awaits. */
let valueCount = 0;
let writtenMs = Number.NaN;
let writtenTime = '';

/** RFC 3339 text of Unix milliseconds. The last one is kept: entries come many to a millisecond. */
export function timeText(unixMs: number): string {
  if (unixMs !== writtenMs) {
    writtenTime = formatRfc3339(timestampFromMs(unixMs));
    writtenMs = unixMs;
  }
  return writtenTime;
}

/**
 * Writes an entry as it stands in a LogBatch, in compact form; the caller may change it afterwards.
 * `atMs` is when it was handed in; its time is left out where it is that of the message around it.
 * On an error nothing is written, and the error says what is wrong with the entry.
 */
export function writeEntry(
  out: MessagePackWriter,
  entry: LogEntryInput,
  atMs: number,
  messageMs: number,
): CodiError | undefined {
  const start = out.length;
  const error = checkEntry(entry) ?? writeChecked(out, entry, atMs, messageMs);
  const bytes = out.length - start;
  if (error === undefined && bytes <= ENTRY_LIMIT_BYTES) return undefined;
  out.truncate(start);
  return error ?? new CodiError('CODI_FRAME_TOO_LARGE', { bytes, limitBytes: ENTRY_LIMIT_BYTES });
}

function writeChecked(
  out: MessagePackWriter,
  entry: LogEntryInput,
  atMs: number,
  messageMs: number,
): CodiError | undefined {
  const { level, component, message, metadata, session_id: sessionId, timestamp } = entry;
  if (timestamp !== undefined && !parseRfc3339(timestamp)) {
    return invalid(`'${timestamp}' is not an RFC 3339 time`);
  }
  const hasTime = timestamp !== undefined || atMs !== messageMs;
  out.listHead(hasTime ? 6 : sessionId == null ? 4 : 5);
  out.string(level);
  out.string(component);
  out.string(message);
  try {
    valueCount = ENVELOPE_VALUES;
    if (metadata == null) out.nil();
    else writePlain(out, metadata, 0);
  } catch (error) {
    if (isCodiError(error)) return error;
    return invalid(`the metadata cannot be read: ${String(error)}`, error);
  }
  if (sessionId != null) out.string(sessionId);
  else if (hasTime) out.nil();
  if (hasTime) out.string(timestamp ?? timeText(atMs));
  return undefined;
}

/**
 * Writes what JSON would make of a value: toJSON is honoured, undefined and functions are left out of
 * maps and are null in lists; but bigint and bytes are kept. False when there is nothing to write.
 * Throws CODI_TOO_DEEP, also for cycles, and CODI_TOO_MANY_VALUES.
 */
function writePlain(out: MessagePackWriter, value: unknown, depth: number): boolean {
  if (++valueCount > SCAN_LIMITS.nodes) {
    throw new CodiError('CODI_TOO_MANY_VALUES', { limit: SCAN_LIMITS.nodes });
  }
  switch (typeof value) {
    case 'string':
      out.string(value);
      return true;
    case 'number':
      out.number(value);
      return true;
    case 'boolean':
      out.boolean(value);
      return true;
    case 'bigint':
      out.bigint(value);
      return true;
    case 'object':
      if (value !== null) return writeObject(out, value, depth);
      out.nil();
      return true;
    default:
      return false;
  }
}

function writeObject(out: MessagePackWriter, value: object, depth: number): boolean {
  if (depth > DEPTH_LIMIT) throw new CodiError('CODI_TOO_DEEP', { limit: DEPTH_LIMIT });
  if (value instanceof Uint8Array) out.binary(value);
  else if ('toJSON' in value && typeof value.toJSON === 'function') {
    return writePlain(out, value.toJSON(), depth + 1);
  } else if (Array.isArray(value)) {
    out.listHead(value.length);
    for (const item of value) if (!writePlain(out, item, depth + 1)) out.nil();
  } else writeMap(out, value as Record<string, unknown>, depth);
  return true;
}

function writeMap(out: MessagePackWriter, map: Record<string, unknown>, depth: number): void {
  const keys = Object.keys(map);
  const start = out.openMap(keys.length);
  let pairs = 0;
  for (const key of keys) {
    const keyStart = out.length;
    out.string(key);
    valueCount++;
    if (writePlain(out, map[key], depth + 1)) pairs++;
    else out.truncate(keyStart);
  }
  if (pairs < keys.length) out.closeMap(start, pairs);
}

function invalid(reason: string, cause?: unknown): CodiError {
  return new CodiError('CODI_ENTRY_INVALID', { reason }, { cause });
}
