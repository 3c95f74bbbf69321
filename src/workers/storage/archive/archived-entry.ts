/** An entry as an object of plain JSON and back, exact: the row it gives back has the same canonical bytes. */
import type { JsonValue } from '../../../protocol/json-value.ts';
import { EXPORT_KINDS } from '../../../protocol/export-names.ts';
import { EXPORT_STATES } from '../../../protocol/export-words.ts';
import { LEVELS, SESSION_BY } from '../../../protocol/kinds.ts';
import { codeOf, EVENTS, KINDS, SEEN, STREAMS, wordOf } from '../codes.ts';
import type { StoredRow } from '../stored-rows.ts';

/** How one column stands in JSON. `read` throws RangeError for what `write` cannot have written. */
interface Field {
  write(value: unknown): JsonValue;
  read(value: unknown): unknown;
}
interface StreamForm {
  /** What `stream` says in an object of it. */
  name: string;
  columns: Record<string, Field>;
}

const INTEGER_TEXT = /^-?\d{1,19}$/;
const HEX_TEXT = /^([0-9a-f]{2})*$/;

const integer = field(
  (value): value is number => Number.isSafeInteger(value),
  (value) => value,
  (value) => value,
);
const text = field(
  (value): value is string => typeof value === 'string',
  (value) => value,
  (value) => value,
);
/** 64 bits are more than a JSON reader keeps, so they stand as text. */
const wide = field(
  (value): value is string => typeof value === 'string' && INTEGER_TEXT.test(value),
  (value) => BigInt.asIntN(64, BigInt(value)),
  (value) => String(value),
);
const bytes = field(
  (value): value is string => typeof value === 'string' && HEX_TEXT.test(value),
  (value) => Buffer.from(value, 'hex'),
  (value) => Buffer.from(value as Uint8Array).toString('hex'),
);
/** A name that is not UTF-8 stands as its bytes. */
const path = field(
  (value): value is string | { hex: string } => typeof value === 'string' || isHex(value),
  (value) => (typeof value === 'string' ? value : Buffer.from(value.hex, 'hex')),
  (value) =>
    typeof value === 'string' ? value : { hex: Buffer.from(value as Uint8Array).toString('hex') },
);

const OWNER = { session_id: optional(text), tenant_id: optional(text), user_id: optional(text) };
const STAT = {
  dev: optional(wide),
  ino: optional(wide),
  stat_size: optional(integer),
  mtime_seconds: optional(integer),
  mtime_nanos: optional(integer),
  ctime_seconds: optional(integer),
  ctime_nanos: optional(integer),
  mode: optional(integer),
  nlink: optional(integer),
};

const FORMS: Record<number, StreamForm> = {
  [STREAMS.logs]: {
    name: 'log',
    columns: {
      id: integer,
      seconds: integer,
      nanos: integer,
      level: word(LEVELS),
      component: text,
      message: text,
      metadata: optional(text),
      ...OWNER,
      created_ms: integer,
      session_by: optional(word(SESSION_BY)),
    },
  },
  [STREAMS.fileEvents]: {
    name: 'file',
    columns: {
      seq: integer,
      root_id: integer,
      seconds: integer,
      nanos: integer,
      event: word(EVENTS),
      kind: word(KINDS),
      path,
      from_path: optional(path),
      size: optional(integer),
      old_size: optional(integer),
      seen: word(SEEN),
      ...STAT,
      checksum: optional(bytes),
      ...OWNER,
      old_checksum: optional(bytes),
      session_by: optional(word(SESSION_BY)),
    },
  },
  [STREAMS.roots]: { name: 'root', columns: { root_id: integer, path, created_ms: integer } },
  [STREAMS.acts]: {
    name: 'act',
    columns: {
      seq: integer,
      act_id: bytes,
      seconds: integer,
      nanos: integer,
      kind: text,
      subject: text,
      actor: optional(text),
      data: optional(text),
      tenant_id: optional(text),
      user_id: optional(text),
    },
  },
  [STREAMS.exports]: {
    name: 'export',
    columns: {
      id: integer,
      capture_id: bytes,
      seconds: integer,
      nanos: integer,
      state: word(EXPORT_STATES),
      kind: word(EXPORT_KINDS),
      original_path: path,
      archive_path: optional(text),
      file_size: optional(integer),
      checksum: optional(bytes),
      base: optional(bytes),
      stored_bytes: optional(integer),
      dev: optional(wide),
      ino: optional(wide),
      mtime_seconds: optional(integer),
      mtime_nanos: optional(integer),
      session_by: optional(word(SESSION_BY)),
      reason: optional(text),
      facts: optional(text),
      ...OWNER,
    },
  },
};
const STREAM_OF = new Map(Object.entries(FORMS).map(([code, { name }]) => [name, Number(code)]));

/** A row as an object; columns that are NULL are left out. */
export function entryToJson(stream: number, row: StoredRow): Record<string, JsonValue> {
  const { name, columns } = formOf(stream);
  const entry: Record<string, JsonValue> = { stream: name };
  for (const [column, { write }] of Object.entries(columns))
    if ((row[column] ?? null) !== null) entry[column] = write(row[column]);
  return entry;
}

/** The row of such an object. Throws RangeError when it is not one, or says more than a row does. */
export function entryFromJson(entry: unknown): { stream: number; row: StoredRow } {
  if (typeof entry !== 'object' || entry === null) throw new RangeError('an entry is no object');
  const { stream: name, ...rest } = entry as Record<string, unknown>;
  const stream = STREAM_OF.get(String(name));
  if (stream === undefined) throw new RangeError(`no stream ${String(name)}`);
  const { columns } = formOf(stream);
  const row: StoredRow = {};
  for (const [column, { read }] of Object.entries(columns)) {
    row[column] = read(rest[column]);
    delete rest[column];
  }
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new RangeError(`no column ${unknown} in stream ${String(name)}`);
  return { stream, row };
}

function formOf(stream: number): StreamForm {
  const form = FORMS[stream];
  if (!form) throw new RangeError(`stream ${stream} is not archived`);
  return form;
}

function field<Written extends JsonValue>(
  isWritten: (value: unknown) => value is Written,
  read: (value: Written) => unknown,
  write: (value: unknown) => unknown,
): Field {
  return {
    write: (value) => write(value) as JsonValue,
    read: (value) => {
      if (!isWritten(value)) throw new RangeError('a column has a value of another kind');
      return read(value);
    },
  };
}

function optional({ write, read }: Field): Field {
  return { write, read: (value) => (value === undefined ? null : read(value)) };
}

function word<Word extends string>(words: readonly Word[]): Field {
  return field(
    (value): value is Word => typeof value === 'string' && words.includes(value as Word),
    (value) => codeOf(words, value),
    (value) => wordOf(words, value as number),
  );
}

function isHex(value: unknown): value is { hex: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { hex } = value as { hex?: unknown };
  return Object.keys(value).length === 1 && typeof hex === 'string' && HEX_TEXT.test(hex);
}
