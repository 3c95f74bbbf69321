/**
 * Reads the canonical bytes of a block back into entries, so that a proof can be checked and shown
 * without the database. docs/ledger-format.md is the definition.
 */
import { isUtf8 } from 'node:buffer';
import { EXPORT_KINDS } from '../export-names.ts';
import { EXPORT_STATES } from '../export-words.ts';
import { LEVELS, SESSION_BY } from '../kinds.ts';
import type { JsonValue } from '../json-value.ts';

/** How streams are called in proofs and on the command line, by their number in the ledger format. */
export const STREAM_NAMES = ['', 'log', 'file', 'state', 'root', 'act', 'export'] as const;
export type StreamName = Exclude<(typeof STREAM_NAMES)[number], ''>;

const EVENTS = ['create', 'update', 'delete', 'move', 'attrib', 'access', 'transient'] as const;
const KINDS = ['file', 'dir', 'symlink', 'other'] as const;
const SEEN = ['native', 'poll', 'reconcile', 'hint'] as const;
const VERSION = 1;
/** What later versions of an entry's encoding have at their end, by stream. */
const LATER: Partial<Record<StreamName, Record<number, (reader: Reader) => object>>> = {
  log: { 2: readSessionBy },
  file: {
    2: (reader) => ({ old_checksum: readOldChecksum(reader) }),
    3: (reader) => ({ old_checksum: readChecksum(reader), ...readSessionBy(reader) }),
  },
};
const NULL_LENGTH = 0xffff_ffff;

/** The columns of an entry, by name; `stream` and `number` say which it is. */
export type CanonicalEntry = { [column: string]: JsonValue } & {
  stream: StreamName;
  number: number;
};

/** Every entry of a block, in order. Throws RangeError when the bytes are not canonical. */
export function readCanonical(bytes: Buffer): CanonicalEntry[] {
  const reader = new Reader(bytes);
  const entries: CanonicalEntry[] = [];
  while (!reader.isAtEnd) entries.push(readEntry(reader));
  return entries;
}

function readEntry(reader: Reader): CanonicalEntry {
  const tag = reader.u8();
  const version = reader.u8();
  const name = STREAM_NAMES[tag];
  const later = name === undefined || name === '' ? undefined : LATER[name]?.[version];
  if (version !== VERSION && !later)
    throw new RangeError(`canonical version ${version} is unknown`);
  const entry = readFirstVersion(reader, tag);
  return later ? ({ ...entry, ...later(reader) } as CanonicalEntry) : entry;
}

function readFirstVersion(reader: Reader, tag: number): CanonicalEntry {
  switch (STREAM_NAMES[tag]) {
    case 'log':
      return readLog(reader);
    case 'file':
      return readFileEvent(reader);
    case 'state':
      return readCoordination(reader);
    case 'root':
      return {
        stream: 'root',
        number: reader.count(),
        ...reader.path('path'),
        created_ms: reader.count(),
      };
    case 'act':
      return readAct(reader);
    case 'export':
      return readExport(reader);
    default:
      throw new RangeError(`stream ${tag} is unknown`);
  }
}

function readLog(reader: Reader): CanonicalEntry {
  return {
    stream: 'log',
    number: reader.count(),
    seconds: reader.count(),
    nanos: reader.u32(),
    level: wordOf(LEVELS, reader.u8()),
    component: reader.text(),
    session_id: reader.text(),
    message: reader.text(),
    metadata: reader.text(),
    tenant_id: reader.text(),
    user_id: reader.text(),
    created_ms: reader.count(),
  };
}

function readFileEvent(reader: Reader): CanonicalEntry {
  return {
    stream: 'file',
    number: reader.count(),
    root_id: reader.count(),
    seconds: reader.count(),
    nanos: reader.u32(),
    event: wordOf(EVENTS, reader.u8()),
    kind: wordOf(KINDS, reader.u8()),
    ...reader.path('path'),
    ...reader.path('from_path'),
    size: reader.optionalCount(),
    old_size: reader.optionalCount(),
    seen: wordOf(SEEN, reader.u8()),
    stat: reader.flag() ? readStat(reader) : null,
    checksum: reader.bytes()?.toString('hex') ?? null,
    session_id: reader.text(),
    tenant_id: reader.text(),
    user_id: reader.text(),
  };
}

function readChecksum(reader: Reader): string | null {
  return reader.bytes()?.toString('hex') ?? null;
}

function readOldChecksum(reader: Reader): string {
  const text = readChecksum(reader);
  if (text === null) throw new RangeError('version 2 without an old checksum');
  return text;
}

function readSessionBy(reader: Reader): { session_by: string } {
  return { session_by: wordOf(SESSION_BY, reader.u8()) };
}

function readStat(reader: Reader): JsonValue {
  return {
    dev: reader.unsigned().toString(),
    ino: reader.unsigned().toString(),
    size: reader.count(),
    mtime_seconds: reader.count(),
    mtime_nanos: reader.u32(),
    ctime_seconds: reader.count(),
    ctime_nanos: reader.u32(),
    mode: reader.count(),
    nlink: reader.count(),
  };
}

function readCoordination(reader: Reader): CanonicalEntry {
  return {
    stream: 'state',
    number: reader.count(),
    revision: reader.count(),
    seconds: reader.count(),
    nanos: reader.u32(),
    kind: reader.text(),
    ...reader.path('subject'),
    data: reader.text(),
    session_id: reader.text(),
    tenant_id: reader.text(),
    user_id: reader.text(),
  };
}

function readAct(reader: Reader): CanonicalEntry {
  return {
    stream: 'act',
    number: reader.count(),
    act_id: reader.bytes()?.toString('hex') ?? null,
    seconds: reader.count(),
    nanos: reader.u32(),
    kind: reader.text(),
    subject: reader.text(),
    actor: reader.text(),
    data: reader.text(),
    tenant_id: reader.text(),
    user_id: reader.text(),
  };
}

function readExport(reader: Reader): CanonicalEntry {
  return {
    stream: 'export',
    number: reader.count(),
    capture_id: reader.bytes()?.toString('hex') ?? null,
    seconds: reader.count(),
    nanos: reader.u32(),
    state: wordOf(EXPORT_STATES, reader.u8()),
    kind: wordOf(EXPORT_KINDS, reader.u8()),
    ...reader.path('original_path'),
    archive_path: reader.text(),
    file_size: reader.optionalCount(),
    checksum: reader.bytes()?.toString('hex') ?? null,
    base: reader.bytes()?.toString('hex') ?? null,
    stored_bytes: reader.optionalCount(),
    dev: reader.optionalUnsigned(),
    ino: reader.optionalUnsigned(),
    mtime_seconds: reader.optionalCount(),
    mtime_nanos: reader.optionalCount(),
    session_id: reader.text(),
    session_by: optionalWord(SESSION_BY, reader.optionalCount()),
    reason: reader.text(),
    facts: reader.text(),
    tenant_id: reader.text(),
    user_id: reader.text(),
  };
}

function optionalWord<Word extends string>(words: readonly Word[], code: number | null) {
  return code === null ? null : wordOf(words, code);
}

function wordOf<Word extends string>(words: readonly Word[], code: number): Word {
  const word = words[code];
  if (word === undefined) throw new RangeError(`no word for code ${code}`);
  return word;
}

/** Reads forward; every read past the end throws RangeError. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  count(): number {
    const value = Number(this.#bytes.readBigInt64LE(this.#at));
    this.#at += 8;
    return value;
  }

  /** Device and inode numbers: 64 bits without a sign. */
  unsigned(): bigint {
    const value = this.#bytes.readBigUInt64LE(this.#at);
    this.#at += 8;
    return value;
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw new RangeError(`a flag is ${value}`);
    return value === 1;
  }

  optionalCount(): number | null {
    return this.flag() ? this.count() : null;
  }

  optionalUnsigned(): string | null {
    return this.flag() ? this.unsigned().toString() : null;
  }

  bytes(): Buffer | null {
    const length = this.u32();
    if (length === NULL_LENGTH) return null;
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('a length goes past the end');
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  text(): string | null {
    const bytes = this.bytes();
    if (bytes && !isUtf8(bytes)) throw new RangeError('a text is not UTF-8');
    return bytes?.toString('utf8') ?? null;
  }

  /** The path as text and, when it is not UTF-8, its bytes beside it. */
  path(name: string): Record<string, JsonValue> {
    const bytes = this.bytes();
    if (!bytes) return { [name]: null };
    const text = bytes.toString('utf8');
    return isUtf8(bytes)
      ? { [name]: text }
      : { [name]: text, [`${name}_b64`]: bytes.toString('base64') };
  }
}
