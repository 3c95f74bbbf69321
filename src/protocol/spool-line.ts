import type { EntryRecord } from './entry-record.ts';
import { isCount } from './entry-record.ts';
import { isMap } from './envelope.ts';
import { LEVELS } from './kinds.ts';
import { FIELD_LIMITS } from './limits.ts';
import { formatRfc3339, parseRfc3339 } from './timestamp.ts';
import { isUuid } from './uuid.ts';

// A spool is a folder of files of JSON lines. Each line is a message in the short form of the wire
// protocol, with the producer, tenant and user beside it that a connection would have named in Hello.

const KINDS = ['LogEntry', 'SessionStart', 'SessionEnd'] as const;
export type SpoolKind = (typeof KINDS)[number];

/** Who speaks in a line. */
export interface SpoolSpeaker {
  producerId: string;
  tenantId: string | null;
  userId: string | null;
}

/** What a line says, as far as its reader has to know. */
export interface SpoolLine extends SpoolSpeaker {
  kind: SpoolKind;
  /** Of the message: its answer names it. */
  id: string;
  /** Entries only: the number within the producer, from 1. */
  sequence: number | null;
}

export type SpoolLineResult = { ok: true; line: SpoolLine } | { ok: false; reason: string };

/** The line of an entry, without its end. Its session is `sessionId` where it names none. */
export function spoolEntryLine(
  entry: EntryRecord,
  speaker: SpoolSpeaker,
  { id, sequence, sessionId }: { id: string; sequence: number; sessionId: string | null },
): string {
  const session = entry.sessionId ?? sessionId;
  const metadata = entry.metadata === null ? '' : `,"metadata":${entry.metadata}`;
  const sessionText = session === null ? '' : `,"session_id":${JSON.stringify(session)}`;
  return (
    `${lineHead(id, formatRfc3339(entry), speaker)},"LogEntry":{"level":"${LEVELS[entry.level]}"` +
    `,"component":${JSON.stringify(entry.component)},"message":${JSON.stringify(entry.message)}` +
    `${metadata}${sessionText},"sequence":${sequence}}}`
  );
}

/** The line of a message that is no entry. */
export function spoolMessageLine(
  kind: Exclude<SpoolKind, 'LogEntry'>,
  body: object,
  speaker: SpoolSpeaker,
  { id, time }: { id: string; time: string },
): string {
  return `${lineHead(id, time, speaker)},"${kind}":${JSON.stringify(body)}}`;
}

/** Reads a line far enough to pass it on; whether its content is valid, its receiver says. */
export function readSpoolLine(text: string): SpoolLineResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'it is no JSON' };
  }
  if (!isMap(value)) return { ok: false, reason: 'it is no JSON object' };
  const { producer_id: producerId, id, timestamp } = value;
  const kind = KINDS.find((name) => value[name] !== undefined);
  if (kind === undefined) return { ok: false, reason: `it has none of ${KINDS.join(', ')}` };
  const reason =
    (isName(producerId) ? undefined : 'producer_id must be a text of 1 to 256 bytes') ??
    (typeof id === 'string' && isUuid(id) ? undefined : 'id must be a UUID') ??
    (typeof timestamp === 'string' && parseRfc3339(timestamp)
      ? undefined
      : 'timestamp must be an RFC 3339 time');
  if (reason !== undefined) return { ok: false, reason };
  const body = value[kind];
  const sequence = isMap(body) && kind === 'LogEntry' ? body['sequence'] : null;
  if (kind === 'LogEntry' && !(isCount(sequence) && sequence > 0))
    return { ok: false, reason: 'sequence must be a whole number from 1 on' };
  return {
    ok: true,
    line: {
      kind,
      id: (id as string).toLowerCase(),
      producerId: producerId as string,
      sequence: sequence as number | null,
      tenantId: nameOrNull(value['tenant_id']),
      userId: nameOrNull(value['user_id']),
    },
  };
}

function lineHead(
  id: string,
  time: string,
  { producerId, tenantId, userId }: SpoolSpeaker,
): string {
  const tenant = tenantId === null ? '' : `,"tenant_id":${JSON.stringify(tenantId)}`;
  const user = userId === null ? '' : `,"user_id":${JSON.stringify(userId)}`;
  return `{"producer_id":${JSON.stringify(producerId)},"id":"${id}","timestamp":"${time}"${tenant}${user}`;
}

function nameOrNull(value: unknown): string | null {
  return isName(value) ? value : null;
}

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    (value.length * 3 <= FIELD_LIMITS.identity || Buffer.byteLength(value) <= FIELD_LIMITS.identity)
  );
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const FILE_NAME = new RegExp(`^(${UUID})\\.(\\d{1,9})\\.jsonl(\\.draining)?$`);
const REJECTED_NAME = new RegExp(`^${UUID}\\.\\d{1,9}\\.jsonl\\.rejected$`);

/** The name says which file of which writer; everything else in the folder is nobody's. */
export interface SpoolFileName {
  /** Without the mark of a reader. */
  name: string;
  writer: string;
  number: number;
  /** The daemon has taken it: its writer adds nothing more that counts. */
  isTaken: boolean;
}

/** Given to a file that the daemon reads, so that its writer begins another one. */
export const TAKEN_MARK = '.draining';
/** Beside a file: its lines that could not be ingested. */
export const REJECTED_MARK = '.rejected';

export function spoolFileName(writer: string, number: number): string {
  return `${writer}.${number}.jsonl`;
}

export function readSpoolFileName(fileName: string): SpoolFileName | undefined {
  const match = FILE_NAME.exec(fileName);
  if (!match) return undefined;
  const [, writer = '', digits = '', mark] = match;
  const number = Number(digits);
  return { name: spoolFileName(writer, number), writer, number, isTaken: mark !== undefined };
}

export function isRejectedFileName(fileName: string): boolean {
  return REJECTED_NAME.test(fileName);
}
