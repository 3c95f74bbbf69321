import { isTextWithinLimit, stringifyJson } from '../../protocol/json-text.ts';
import { setKey } from '../../protocol/json-value.ts';
import type { JsonValue } from '../../protocol/json-value.ts';
import type { Level } from '../../protocol/kinds.ts';
import { FIELD_LIMITS, SCAN_LIMITS } from '../../protocol/limits.ts';
import { fileEventOf, kindOf, moveOf } from './classify.ts';
import type { RecordKind } from './classify.ts';
import { isObject } from './parse-object.ts';
import { findField, findObject, findText } from './record-fields.ts';
import { readLevel } from './record-level.ts';
import type { ReadLevel } from './record-level.ts';
import { readTime } from './record-time.ts';
import type { JsonObject } from './read-event.ts';

/** A record as the ledger takes it. */
export interface LedgerRecord {
  readonly kind: RecordKind;
  readonly level: Level;
  readonly component: string;
  readonly message: string;
  readonly metadata: JsonObject | null;
  /** RFC 3339; undefined when the record does not say when it happened. */
  readonly time: string | undefined;
  readonly sessionId: string | undefined;
  readonly tenantId: string | undefined;
  readonly userId: string | undefined;
}

/** Of a message's body or a value, in the line that stands for it; all of it is in the metadata. */
const LINE_CHARACTERS = 8 * 1024;
const LAST_HALF = /[\uD800-\uDBFF]$/;
/** An entry's own fields and the list around it take some of what one message may hold. */
const NODES_LIMIT = SCAN_LIMITS.nodes - 100;
const DEPTH_LIMIT = SCAN_LIMITS.depth - 8;

/** Makes the ledger entry of an old record; every field that the entry has no place for is in its metadata. */
export function ledgerRecordOf(object: JsonObject): LedgerRecord {
  const kind = kindOf(object);
  const used = new Set<string>();
  const take = (field: { name: string; value: JsonValue } | undefined, limitBytes: number) => {
    if (typeof field?.value !== 'string' || !isTextWithinLimit(field.value, limitBytes))
      return undefined;
    used.add(field.name);
    return field.value;
  };
  const sessionId = take(findText(object, 'session'), FIELD_LIMITS.sessionId);
  const tenantId = take(findText(object, 'tenant'), FIELD_LIMITS.identity);
  const userId = take(findText(object, 'user'), FIELD_LIMITS.identity);
  const timeField = findField(object, 'time');
  const time = timeField && readTime(timeField.value);
  const level = levelOf(object);
  const common = { kind, time, sessionId, tenantId, userId, level: level?.level ?? 'Info' };
  if (kind !== 'log') {
    return {
      ...common,
      component: `import.${kind}`,
      message: lineOf(object, kind),
      metadata: object,
    };
  }
  if (timeField && time !== undefined) used.add(timeField.name);
  if (level?.isExact) used.add(level.name);
  const component = take(findText(object, 'component'), FIELD_LIMITS.component) ?? 'import';
  const message = take(findText(object, 'message'), FIELD_LIMITS.message);
  return {
    ...common,
    component,
    message: message ?? textOf(findField(object, 'message')?.value),
    metadata: restOf(object, used),
  };
}

/** Why no ledger entry can hold this; undefined when one can. */
export function tooLarge({ metadata }: LedgerRecord): string | undefined {
  if (metadata === null) return undefined;
  const nodes = countNodes(metadata, DEPTH_LIMIT);
  if (nodes === Number.POSITIVE_INFINITY) return `nested deeper than ${DEPTH_LIMIT} levels`;
  if (nodes > NODES_LIMIT) return `more than ${NODES_LIMIT} values`;
  const isSmall = isTextWithinLimit(stringifyJson(metadata), FIELD_LIMITS.metadata);
  return isSmall ? undefined : `more than ${FIELD_LIMITS.metadata / 1024} KiB of fields`;
}

function levelOf(object: JsonObject): (ReadLevel & { name: string }) | undefined {
  const field = findField(object, 'level');
  const level = field && readLevel(field.value);
  return level && { ...level, name: field.name };
}

/** What is left of a log entry: its own metadata, and beside them the fields with no place. */
function restOf(object: JsonObject, used: ReadonlySet<string>): JsonObject | null {
  const own = findObject(object, 'metadata');
  const rest: JsonObject = own ? { ...own.value } : {};
  for (const [name, value] of Object.entries(object)) {
    if (used.has(name) || name === own?.name) continue;
    setKey(
      rest,
      own && Object.hasOwn(own.value, name) ? freeName(object, own.value, name) : name,
      value,
    );
  }
  return Object.keys(rest).length === 0 ? null : rest;
}

/** `import.<name>` where both the record and its metadata have the name. */
function freeName(object: JsonObject, metadata: JsonObject, name: string): string {
  const free = `import.${name}`;
  const isTaken = Object.hasOwn(object, free) || Object.hasOwn(metadata, free);
  return isTaken ? freeName(object, metadata, free) : free;
}

/** The one line that stands for a record that is no log entry. */
function lineOf(object: JsonObject, kind: Exclude<RecordKind, 'log'>): string {
  switch (kind) {
    case 'message':
      return cut(textOf(findField(object, 'body')?.value ?? findField(object, 'subject')?.value));
    case 'state': {
      const value = findField(object, 'value')?.value;
      const key = textOf(findField(object, 'key')?.value ?? '?');
      return cut(value === undefined ? key : `${key} = ${textOf(value)}`);
    }
    case 'file_event': {
      const { from, to } = moveOf(object);
      const path = findText(object, 'path')?.value ?? to ?? '';
      const isMove = from !== undefined && from !== path;
      return cut(`${fileEventOf(object)} ${isMove ? `${from} → ${to ?? path}` : path}`);
    }
    case 'other':
      return cut(stringifyJson(object));
  }
}

function textOf(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  return cut(typeof value === 'string' ? value : stringifyJson(value));
}

/** At most so many characters, and no half of one. */
function cut(text: string): string {
  return text.length <= LINE_CHARACTERS
    ? text
    : text.slice(0, LINE_CHARACTERS).replace(LAST_HALF, '');
}

/** Values and keys; infinite when nested too deep. */
function countNodes(value: JsonValue, levels: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (levels === 0) return Number.POSITIVE_INFINITY;
  const items = Object.values(value);
  let nodes = isObject(value) ? 1 + items.length : 1;
  for (const item of items) nodes += countNodes(item, levels - 1);
  return nodes;
}
