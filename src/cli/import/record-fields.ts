import type { JsonValue } from '../../protocol/json-value.ts';
import { isObject } from './parse-object.ts';
import type { JsonObject } from './read-event.ts';

/** The names that fields of old logs go by, in order of preference. docs/import.md shows this table. */
export const FIELD_NAMES = {
  time: ['timestamp', 'time', 'ts', '@timestamp', 'datetime', 'date'],
  level: ['level', 'severity', 'lvl', 'log_level', 'loglevel'],
  component: ['component', 'logger', 'source', 'module', 'name', 'service'],
  message: ['message', 'msg', 'text', 'content', 'event'],
  session: ['session_id', 'sessionId', 'session'],
  tenant: ['tenant_id', 'tenantId', 'tenant'],
  user: ['user_id', 'userId'],
  metadata: ['metadata', 'meta', 'data', 'context'],
  type: ['type', 'kind', 'record_type', 'entry_type'],
  from: ['from', 'from_agent', 'sender', 'from_session'],
  to: ['to', 'to_agent', 'recipient', 'receiver', 'to_session'],
  body: ['body', 'message', 'msg', 'content', 'text', 'payload'],
  subject: ['subject', 'topic', 'title'],
  key: ['key', 'state_key'],
  value: ['value', 'new_value', 'newValue', 'new', 'to', 'state'],
  event: ['event_type', 'eventType'],
  path: ['path', 'file_path', 'filePath', 'file'],
} as const;

export type FieldName = keyof typeof FIELD_NAMES;

/** A field as it was found. */
export interface Field<Value extends JsonValue = JsonValue> {
  readonly name: string;
  readonly value: Value;
}

/** The first of its names that the object has with a value other than null. */
export function findField(object: JsonObject, field: FieldName): Field | undefined {
  for (const name of FIELD_NAMES[field]) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (value !== undefined && value !== null) return { name, value };
  }
  return undefined;
}

/** The same, with a text as its value. */
export function findText(object: JsonObject, field: FieldName): Field<string> | undefined {
  for (const name of FIELD_NAMES[field]) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (typeof value === 'string') return { name, value };
  }
  return undefined;
}

/** The same, with an object as its value. */
export function findObject(object: JsonObject, field: FieldName): Field<JsonObject> | undefined {
  for (const name of FIELD_NAMES[field]) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (isObject(value)) return { name, value };
  }
  return undefined;
}
