import type { MonitorClient } from '../../client/monitor-client.ts';
import type { JsonValue } from '../../protocol/json-value.ts';
import { isObject } from './parse-object.ts';
import { READER_VERSION } from './log-reader.ts';

/** How far a log was imported, as an entry of the ledger says it. */
export interface ImportMark {
  /** Bytes, uncompressed, whose records are all in the ledger. */
  readonly bytes: number;
  /** Hex SHA-256 of these bytes. */
  readonly sha256: string;
  /** Records in them, without duplicates. */
  readonly records: number;
  /** READER_VERSION of whoever counted them. */
  readonly reader: number;
}

export const IMPORT_COMPONENT = 'codi.import';
const RECENT_MARKS = 20;

/** Marks have a session of their own, by which the ledger finds them without a search. */
function sessionOf(importId: string): string {
  return `codi-import-${importId}`;
}

/** The mark that reaches furthest among the last ones; undefined when there is none. */
export async function findMark(
  client: MonitorClient,
  importId: string,
): Promise<ImportMark | undefined> {
  let best: ImportMark | undefined;
  let cursor: string | undefined;
  do {
    const page = await client.request('QueryLogs', {
      filter: { session_id: sessionOf(importId), component: IMPORT_COMPONENT },
      limit: RECENT_MARKS,
      order: 'newest',
      count: 'none',
      ...(cursor !== undefined && { cursor }),
    });
    for (const { metadata } of page.entries) {
      const mark = markFrom(metadata ?? null);
      if (mark && mark.bytes > (best?.bytes ?? -1)) best = mark;
    }
    cursor = best ? undefined : (page.next ?? undefined);
  } while (cursor !== undefined);
  return best;
}

/** Writes a mark; resolves when it is on disk. */
export async function writeMark(
  client: MonitorClient,
  importId: string,
  name: string,
  mark: Omit<ImportMark, 'reader'>,
): Promise<void> {
  await client.log({
    level: 'Info',
    component: IMPORT_COMPONENT,
    message: `imported ${name} up to byte ${mark.bytes}: ${mark.records} records`,
    metadata: { import_id: importId, file: name, ...mark, reader: READER_VERSION },
    session_id: sessionOf(importId),
  });
}

function markFrom(metadata: JsonValue): ImportMark | undefined {
  if (!isObject(metadata)) return undefined;
  const { bytes, sha256, records, reader } = metadata;
  const isMark =
    typeof bytes === 'number' &&
    typeof sha256 === 'string' &&
    typeof records === 'number' &&
    typeof reader === 'number';
  return isMark ? { bytes, sha256, records, reader } : undefined;
}
