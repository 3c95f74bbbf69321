import { fileEventOf, moveOf } from './classify.ts';
import type { LedgerRecord } from './ledger-record.ts';
import { findField, findText } from './record-fields.ts';
import type { FieldName } from './record-fields.ts';
import type { JsonObject, Unreadable } from './read-event.ts';

/** Rows of the files that --split writes; what has no field of its own is in `record`, the object as it was. */
type Row = Record<string, unknown>;

/** Where a record of each kind goes. */
export const SPLIT_FILES = {
  log: 'logs.jsonl',
  other: 'logs.jsonl',
  message: 'messages.jsonl',
  state: 'state.jsonl',
  file_event: 'file-events.jsonl',
} as const;

export const UNREADABLE_FILE = 'unreadable.jsonl';

export function splitRow(entry: LedgerRecord, object: JsonObject): Row {
  const common = present({
    time: entry.time,
    session_id: entry.sessionId,
    tenant_id: entry.tenantId,
    user_id: entry.userId,
  });
  switch (entry.kind) {
    case 'message':
      return { ...common, ...fields(object, 'from', 'to', 'subject', 'body'), record: object };
    case 'state':
      return { ...common, ...fields(object, 'key', 'value'), record: object };
    case 'file_event': {
      const { from, to } = moveOf(object);
      const path = findText(object, 'path')?.value ?? to;
      const { size, checksum } = object;
      const event = fileEventOf(object);
      return { ...common, ...present({ event, path, from, size, checksum }), record: object };
    }
    case 'log':
    case 'other': {
      const { level, component, message, metadata } = entry;
      return {
        ...common,
        ...present({ level: level.toLowerCase(), component, message, metadata }),
      };
    }
  }
}

/** A line of the report. */
export function unreadableRow(file: string, event: Unreadable): Row {
  const { reason, line, lastLine, size, text } = event;
  return { file, line, last_line: lastLine, reason, size, text };
}

function fields(object: JsonObject, ...names: FieldName[]): Row {
  return present(Object.fromEntries(names.map((name) => [name, findField(object, name)?.value])));
}

function present(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== undefined && value !== null),
  );
}
