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

function levelOf(level: unknown): Level {
  if (typeof level === 'string') return NAMES[level.toLowerCase()] ?? 'Info';
  if (typeof level !== 'number') return 'Info';
  return LEVELS.find(([from]) => level >= from)?.[1] ?? 'Trace';
}

/** Milliseconds, or a text as `isoTime` writes it; undefined for what is neither. */
function timeOf(time: unknown): string | undefined {
  if (typeof time !== 'number' && typeof time !== 'string') return undefined;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return JSON.stringify(value) ?? '';
}
