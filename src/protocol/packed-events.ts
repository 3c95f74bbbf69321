import type { BytePath } from './byte-path.ts';
import type {
  FileEventKind,
  FileEventRecord,
  FileKind,
  IndexStat,
  RecordSession,
  SeenBy,
} from './file-event.ts';

/**
 * File events back to back in one piece of memory: between processes and threads that is copied many times faster
 * than as many objects, and whoever passes it on need not look into it.
 */
export interface PackedEvents {
  readonly count: number;
  /** How many of them a sweep found (`seen` is neither `native` nor `hint`). */
  readonly foundCount: number;
  readonly bytes: Uint8Array;
  /** Those that events name by their place here. */
  readonly sessions: readonly RecordSession[];
}

/** Recording a file event, with its row in the index, takes the ledger as long as so many bytes of log entries. */
export const FILE_EVENT_COST_BYTES = 1_024;

export type FileEvents = readonly FileEventRecord[] | PackedEvents;

// Both sides are of one installation: these numbers are nowhere stored.
const EVENTS: readonly FileEventKind[] = [
  'create',
  'update',
  'delete',
  'move',
  'attrib',
  'transient',
];
const KINDS: readonly FileKind[] = ['file', 'dir', 'symlink', 'other'];
const SEEN: readonly SeenBy[] = ['native', 'poll', 'reconcile', 'hint'];

const HAS = { stat: 1, from: 2, size: 4, oldSize: 8, checksum: 16, unsure: 32 } as const;

/** Offsets of an event's fields from its beginning; the path, `from` and the checksum follow. */
const AT = {
  event: 0,
  kind: 1,
  seen: 2,
  flags: 3,
  nanos: 4,
  seconds: 8,
  pathLength: 16,
  fromLength: 20,
  checksumLength: 24,
  /** 1 for the first one; 0: none. */
  session: 28,
  size: 32,
  oldSize: 40,
  stat: 48,
} as const;
const STAT_AT = {
  dev: 0,
  ino: 8,
  size: 16,
  mtimeNs: 24,
  ctimeNs: 32,
  mode: 40,
  /** Bits above 64: a program may set any time, and nanoseconds of 64 bits end in the year 2262. */
  mtimeHigh: 44,
  nlink: 48,
} as const;
const STAT_BYTES = 56;

const FIRST_BYTES = 16 * 1024;
/** More than this is not kept for the next events. */
const KEPT_BYTES = 1024 * 1024;

let scratch = Buffer.allocUnsafeSlow(FIRST_BYTES);
let scratchView = viewOf(scratch);

export function packEvents(events: readonly FileEventRecord[]): PackedEvents {
  const sessions: RecordSession[] = [];
  let length = 0;
  let foundCount = 0;
  for (const event of events) {
    length = append(event, length, placeOf(event.session, sessions));
    if (event.seen !== 'native' && event.seen !== 'hint') foundCount += 1;
  }
  const bytes = new Uint8Array(length);
  bytes.set(scratch.subarray(0, length));
  if (scratch.length > KEPT_BYTES) grow(0, FIRST_BYTES);
  return { count: events.length, foundCount, bytes, sessions };
}

/** Gives what was packed; events that are not are given as they are. */
export function unpackEvents(events: FileEvents): readonly FileEventRecord[] {
  if (!isPacked(events)) return events;
  const bytes = bufferOf(events.bytes);
  const view = viewOf(events.bytes);
  const records: FileEventRecord[] = [];
  for (let at = 0; at < bytes.length; at = endOf(view, at))
    records.push(recordAt(bytes, view, at, events.sessions));
  return records;
}

/** The paths of everything that is not a directory, without unpacking the rest. */
export function* pathsOfFiles(events: FileEvents): Generator<BytePath> {
  if (!isPacked(events)) {
    for (const { kind, path } of events) if (kind !== 'dir') yield path;
    return;
  }
  const bytes = bufferOf(events.bytes);
  const view = viewOf(events.bytes);
  const directory = KINDS.indexOf('dir');
  for (let at = 0; at < bytes.length; at = endOf(view, at))
    if (bytes[at + AT.kind] !== directory) yield pathAt(bytes, view, at);
}

/** Memory of its own: what came through a channel is a part of a larger piece, all of which goes on with it. */
export function ownEvents(events: FileEvents): FileEvents {
  return isPacked(events) ? { ...events, bytes: new Uint8Array(events.bytes) } : events;
}

export function countEvents(events: FileEvents): number {
  return isPacked(events) ? events.count : events.length;
}

/** Whether a sweep found any of them. */
export function haveFound(events: FileEvents): boolean {
  if (isPacked(events)) return events.foundCount > 0;
  return events.some(({ seen }) => seen !== 'native' && seen !== 'hint');
}

function isPacked(events: FileEvents): events is PackedEvents {
  return 'bytes' in events;
}

function placeOf(session: RecordSession | undefined, sessions: RecordSession[]): number {
  if (!session) return 0;
  const known = sessions.indexOf(session);
  return known >= 0 ? known + 1 : sessions.push(session);
}

function append(record: FileEventRecord, start: number, session: number): number {
  const { path, from, stat, size, oldSize, checksum } = record;
  const head = start + AT.stat;
  const paths = head + (stat ? STAT_BYTES : 0);
  const sums = paths + path.length + (from?.length ?? 0);
  const end = sums + (checksum?.length ?? 0);
  if (end > scratch.length) grow(start, Math.max(end, scratch.length * 2));
  const bytes = scratch;
  const view = scratchView;
  bytes[start + AT.event] = codeOf(EVENTS, record.event);
  bytes[start + AT.kind] = codeOf(KINDS, record.kind);
  bytes[start + AT.seen] = codeOf(SEEN, record.seen);
  bytes[start + AT.flags] =
    (stat ? HAS.stat : 0) |
    (from === undefined ? 0 : HAS.from) |
    (size === null ? 0 : HAS.size) |
    (oldSize === undefined ? 0 : HAS.oldSize) |
    (checksum ? HAS.checksum : 0) |
    (record.isContentUnsure ? HAS.unsure : 0);
  view.setUint32(start + AT.nanos, record.nanos, true);
  view.setFloat64(start + AT.seconds, record.seconds, true);
  view.setUint32(start + AT.pathLength, path.length, true);
  view.setUint32(start + AT.fromLength, from?.length ?? 0, true);
  view.setUint32(start + AT.checksumLength, checksum?.length ?? 0, true);
  view.setUint32(start + AT.session, session, true);
  view.setFloat64(start + AT.size, size ?? 0, true);
  view.setFloat64(start + AT.oldSize, oldSize ?? 0, true);
  if (stat) appendStat(view, head, stat);
  bytes.write(path, paths, 'latin1');
  if (from !== undefined) bytes.write(from, paths + path.length, 'latin1');
  if (checksum) bytes.set(checksum, sums);
  return end;
}

function appendStat(view: DataView, start: number, stat: IndexStat): void {
  view.setBigUint64(start + STAT_AT.dev, stat.dev, true);
  view.setBigUint64(start + STAT_AT.ino, stat.ino, true);
  view.setFloat64(start + STAT_AT.size, stat.size, true);
  view.setBigUint64(start + STAT_AT.mtimeNs, stat.mtimeNs, true);
  view.setBigInt64(start + STAT_AT.ctimeNs, stat.ctimeNs, true);
  view.setUint32(start + STAT_AT.mode, stat.mode, true);
  view.setInt32(start + STAT_AT.mtimeHigh, Number(stat.mtimeNs >> 64n), true);
  view.setFloat64(start + STAT_AT.nlink, stat.nlink, true);
}

function recordAt(
  bytes: Buffer,
  view: DataView,
  start: number,
  sessions: readonly RecordSession[],
): FileEventRecord {
  const flags = bytes[start + AT.flags]!;
  const session = sessions[view.getUint32(start + AT.session, true) - 1];
  const paths = start + AT.stat + (flags & HAS.stat ? STAT_BYTES : 0);
  const fromAt = paths + view.getUint32(start + AT.pathLength, true);
  const sumAt = fromAt + view.getUint32(start + AT.fromLength, true);
  const record: Mutable<FileEventRecord> = {
    seconds: view.getFloat64(start + AT.seconds, true),
    nanos: view.getUint32(start + AT.nanos, true),
    event: EVENTS[bytes[start + AT.event]!]!,
    path: bytes.toString('latin1', paths, fromAt) as BytePath,
    kind: KINDS[bytes[start + AT.kind]!]!,
    size: flags & HAS.size ? view.getFloat64(start + AT.size, true) : null,
    seen: SEEN[bytes[start + AT.seen]!]!,
    stat: flags & HAS.stat ? statAt(view, start + AT.stat) : null,
  };
  if (flags & HAS.from) record.from = bytes.toString('latin1', fromAt, sumAt) as BytePath;
  if (flags & HAS.oldSize) record.oldSize = view.getFloat64(start + AT.oldSize, true);
  if (flags & HAS.checksum) record.checksum = bytes.subarray(sumAt, endOf(view, start));
  if (flags & HAS.unsure) record.isContentUnsure = true;
  if (session) record.session = session;
  return record;
}

function statAt(view: DataView, start: number): IndexStat {
  const mtimeLow = view.getBigUint64(start + STAT_AT.mtimeNs, true);
  const high = view.getInt32(start + STAT_AT.mtimeHigh, true);
  return {
    dev: view.getBigUint64(start + STAT_AT.dev, true),
    ino: view.getBigUint64(start + STAT_AT.ino, true),
    size: view.getFloat64(start + STAT_AT.size, true),
    mtimeNs: high === 0 ? mtimeLow : (BigInt(high) << 64n) | mtimeLow,
    ctimeNs: view.getBigInt64(start + STAT_AT.ctimeNs, true),
    mode: view.getUint32(start + STAT_AT.mode, true),
    nlink: view.getFloat64(start + STAT_AT.nlink, true),
  };
}

function pathAt(bytes: Buffer, view: DataView, start: number): BytePath {
  const at = start + AT.stat + (bytes[start + AT.flags]! & HAS.stat ? STAT_BYTES : 0);
  return bytes.toString('latin1', at, at + view.getUint32(start + AT.pathLength, true)) as BytePath;
}

/** Where the next event begins. */
function endOf(view: DataView, start: number): number {
  const stat = view.getUint8(start + AT.flags) & HAS.stat ? STAT_BYTES : 0;
  return (
    start +
    AT.stat +
    stat +
    view.getUint32(start + AT.pathLength, true) +
    view.getUint32(start + AT.fromLength, true) +
    view.getUint32(start + AT.checksumLength, true)
  );
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

function codeOf<Word>(words: readonly Word[], word: Word): number {
  const code = words.indexOf(word);
  if (code < 0) throw new RangeError(`no code for ${String(word)}`);
  return code;
}

function grow(used: number, size: number): void {
  const grown = Buffer.allocUnsafeSlow(size);
  scratch.copy(grown, 0, 0, used);
  scratch = grown;
  scratchView = viewOf(grown);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
