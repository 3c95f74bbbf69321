import { findField, findText } from './record-fields.ts';
import { readLevel } from './record-level.ts';
import { readTime } from './record-time.ts';
import type { JsonObject } from './read-event.ts';
import { isObject } from './parse-object.ts';

/** What an old record is; `other`: an object without any field that says so. */
export type RecordKind = 'log' | 'message' | 'state' | 'file_event' | 'other';

export const RECORD_KINDS: readonly RecordKind[] = [
  'log',
  'message',
  'state',
  'file_event',
  'other',
];

/** What happened to a file, in the words of event rows. */
export type FileEventKind = 'create' | 'update' | 'delete' | 'move' | 'access';

const TYPE_WORDS: ReadonlyMap<string, RecordKind> = new Map([
  ...words('log', 'log', 'log_entry', 'logentry', 'entry'),
  ...words('message', 'message', 'msg', 'agent_message', 'agentmessage', 'agent-message', 'chat'),
  ...words('state', 'state', 'state_change', 'statechange', 'state-change', 'state_update'),
  ...words('file_event', 'file_event', 'fileevent', 'file-event', 'file', 'fs_event'),
]);

const EVENT_WORDS: ReadonlyMap<string, FileEventKind> = new Map([
  ['create', 'create'],
  ['created', 'create'],
  ['update', 'update'],
  ['updated', 'update'],
  ['modify', 'update'],
  ['modified', 'update'],
  ['delete', 'delete'],
  ['deleted', 'delete'],
  ['remove', 'delete'],
  ['move', 'move'],
  ['moved', 'move'],
  ['rename', 'move'],
  ['access', 'access'],
  ['accessed', 'access'],
]);

/** Sorts a record. What its fields show goes before what its `type` claims. */
export function kindOf(object: JsonObject): RecordKind {
  if (fileEventOf(object) !== undefined && hasPath(object)) return 'file_event';
  const claimed = claimedKind(object);
  if (isMessage(object, claimed === 'message')) return 'message';
  if (isState(object, claimed === 'state')) return 'state';
  const isLog = claimed === 'log' || findField(object, 'message') || findField(object, 'level');
  return isLog ? 'log' : 'other';
}

/** Whether an object that was found in damaged text is a record of its own: it has a time, and a kind. */
export function isRecord(object: JsonObject): boolean {
  const time = findField(object, 'time');
  return time !== undefined && readTime(time.value) !== undefined && kindOf(object) !== 'other';
}

/** The old monitor's event: a word, or as `{"Move":{"from":…,"to":…}}`. */
export function fileEventOf(object: JsonObject): FileEventKind | undefined {
  const field = findField(object, 'event');
  if (!field) return undefined;
  const word = isObject(field.value) ? Object.keys(field.value)[0] : field.value;
  return typeof word === 'string' ? EVENT_WORDS.get(word.toLowerCase()) : undefined;
}

/** The two ends of a move: `{"Move":{"from":…,"to":…}}`, or fields beside it. */
export function moveOf(object: JsonObject): { from?: string; to?: string } {
  const event = findField(object, 'event')?.value;
  const ends = isObject(event) ? Object.values(event)[0] : object;
  if (!isObject(ends)) return {};
  const { from, to } = ends;
  return {
    ...(typeof from === 'string' && { from }),
    ...(typeof to === 'string' && { to }),
  };
}

function claimedKind(object: JsonObject): RecordKind | undefined {
  const word = findText(object, 'type')?.value.toLowerCase();
  return word === undefined ? undefined : TYPE_WORDS.get(word);
}

function hasPath(object: JsonObject): boolean {
  return findText(object, 'path') !== undefined || moveOf(object).to !== undefined;
}

function isMessage(object: JsonObject, isClaimed: boolean): boolean {
  const from = findField(object, 'from');
  const to = findField(object, 'to');
  const hasBody = findField(object, 'body') !== undefined;
  if (isClaimed) return hasBody || from !== undefined || to !== undefined;
  // A log entry may have one end of something; a message has both.
  return from !== undefined && to !== undefined && hasBody && !hasLevel(object);
}

function isState(object: JsonObject, isClaimed: boolean): boolean {
  if (findField(object, 'key') === undefined) return isClaimed && !findField(object, 'message');
  const hasValue = ['value', 'new_value', 'newValue', 'new', 'old_value', 'old'].some((name) =>
    Object.hasOwn(object, name),
  );
  return isClaimed || (hasValue && !hasLevel(object));
}

function hasLevel(object: JsonObject): boolean {
  const level = findField(object, 'level');
  return level !== undefined && readLevel(level.value) !== undefined;
}

function words(kind: RecordKind, ...names: string[]): [string, RecordKind][] {
  return names.map((name) => [name, kind]);
}
