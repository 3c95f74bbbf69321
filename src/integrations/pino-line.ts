import type { LogEntryInput } from '../client/log-entry.ts';
import type { Level } from '../protocol/kinds.ts';

/** A line of pino, parsed. */
export type PinoLine = Readonly<Record<string, unknown>>;

/** Where things stand in a line. */
export interface LineKeys {
  /** Which part speaks; the logger's `name`, else `pino`, when absent. */
  component?: string;
  /** As pino's own option; `msg` when absent. */
  messageKey?: string;
}

/** From the least severe on; a level between two of pino's belongs to the one below it. */
const LEVELS: readonly (readonly [from: number, level: Level])[] = [
  [50, 'Error'],
  [40, 'Warn'],
  [30, 'Info'],
  [20, 'Debug'],
];
const NAMES: Readonly<Record<string, Level>> = {
  trace: 'Trace',
  debug: 'Debug',
  info: 'Info',
  warn: 'Warn',
  error: 'Error',
  fatal: 'Error',
};
const FATAL = 60;
/** What is shown of a line that is too large to be an entry. */
const SHOWN_CHARS = 1_000;
/** A character may take three bytes of the 256 that a name may have. */
const NAME_CHARS = 80;
/** Times before the year 0 and after 9999 are none of RFC 3339. */
const WRITABLE_TIME = /^\d{4}-/;

/**
 * The entry that a line stands for. Level, time, name, message and `session_id` have their places; everything else,
 * bindings and errors among it, is metadata. A fatal line is an Error with `fatal: true`.
 */
export function entryOfLine(line: PinoLine, keys: LineKeys): LogEntryInput {
  const messageKey = keys.messageKey ?? 'msg';
  const { level, time, name, session_id: sessionId, [messageKey]: text, ...rest } = line;
  const metadata: Record<string, unknown> = rest;
  const timestamp = timeOf(time);
  const isFatal = level === 'fatal' || (typeof level === 'number' && level >= FATAL);
  const component = keys.component ?? (typeof name === 'string' && name !== '' ? name : 'pino');
  if (typeof name === 'string' && keys.component !== undefined) metadata['name'] = name;
  if (isFatal) metadata['fatal'] = true;
  if (sessionId !== undefined && typeof sessionId !== 'string') metadata['session_id'] = sessionId;
  return {
    level: levelOf(level),
    component,
    message: typeof text === 'string' ? text : textOf(text),
    ...(typeof sessionId === 'string' && { session_id: sessionId }),
    ...(timestamp !== undefined && { timestamp }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** Stands in for what cannot be stored as it is: when, where and who are kept, and the beginning of the text. */
export function entryInstead(entry: LogEntryInput, reason: string): LogEntryInput {
  const { level, component, message, session_id: sessionId, timestamp } = entry;
  return {
    level,
    component: component.slice(0, NAME_CHARS),
    message: message.slice(0, SHOWN_CHARS),
    ...(sessionId != null && { session_id: sessionId.slice(0, NAME_CHARS) }),
    ...(timestamp !== undefined && { timestamp }),
    metadata: { not_taken: reason },
  };
}

function levelOf(level: unknown): Level {
  if (typeof level === 'string') return NAMES[level.toLowerCase()] ?? 'Info';
  if (typeof level !== 'number') return 'Info';
  return LEVELS.find(([from]) => level >= from)?.[1] ?? 'Trace';
}

/** Milliseconds, or a text as `isoTime` writes it; undefined for what is neither. */
function timeOf(time: unknown): string | undefined {
  if (typeof time !== 'number' && typeof time !== 'string') return undefined;
  const date = new Date(time);
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return WRITABLE_TIME.test(text) ? text : undefined;
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return JSON.stringify(value) ?? '';
}
