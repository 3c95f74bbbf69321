import type { JsonValue } from '../../protocol/json-value.ts';

/** A JSON object as it stands in a log. */
export type JsonObject = { [key: string]: JsonValue };

/** Why bytes are not part of any record. */
export type UnreadableReason =
  /** No JSON object. */
  | 'not-json'
  /** An object whose rest never came. */
  | 'torn'
  /** A piece that could complete more than one torn object. */
  | 'ambiguous'
  /** A line over the limit. */
  | 'too-long'
  /** JSON, but in the middle of damaged text and without the fields of a record. */
  | 'fragment'
  /** A record that no ledger entry can hold. */
  | 'too-large';

/** An object that is whole, or could be put together. */
export interface ReadRecord {
  readonly kind: 'record';
  readonly value: JsonObject;
  /** Its bytes, for recognising it again. */
  readonly bytes: Uint8Array;
  /** The line it begins on, from 1. */
  readonly line: number;
  /** It was cut out of, or put together from, torn lines. */
  readonly isMended: boolean;
}

/** Bytes that belong to no record. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly reason: UnreadableReason;
  readonly line: number;
  readonly lastLine: number;
  /** How many there are. */
  readonly size: number;
  /** The first of them as text. */
  readonly text: string;
}

export type ReadEvent = ReadRecord | Unreadable;

/** How much of unreadable bytes is kept to be shown. */
const SHOWN_BYTES = 4 * 1024;

export function unreadable(
  reason: UnreadableReason,
  bytes: Uint8Array,
  line: number,
  lastLine = line,
): Unreadable {
  const text = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('utf8');
  return { kind: 'unreadable', reason, line, lastLine, size: bytes.length, text };
}
