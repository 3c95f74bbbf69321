import type { Command } from 'commander';
import { stringifyJson } from '../protocol/json-text.ts';
import type { JsonValue } from '../protocol/json-value.ts';
import type { EventRow, LogRow } from '../protocol/messages.ts';
import { csvRecord } from './csv.ts';
import type { CsvValue } from './csv.ts';
import type { Invocation } from './invocation.ts';
import { createLayout, FileSizes } from './layout.ts';
import { eventRowJson, logRowJson } from './row-json.ts';
import type { JsonRow } from './row-json.ts';
import { eventLine, logLine } from './row-lines.ts';
import { safeText } from './safe-text.ts';
import { usageError } from './usage-error.ts';

export type RowPrinter<Row> = (row: Row) => Promise<void>;

const LOG_COLUMNS = [
  'id',
  'time',
  'level',
  'component',
  'session_id',
  'message',
  'metadata',
  'tenant_id',
  'user_id',
  'session_by',
] as const;
const EVENT_COLUMNS = [
  'seq',
  'time',
  'root',
  'path',
  'event',
  'from',
  'kind',
  'size',
  'checksum',
  'seen',
  'session_id',
  'tenant_id',
  'user_id',
  'path_b64',
  'from_b64',
  'old_checksum',
  'session_by',
] as const;

export function addCsvOption(command: Command): Command {
  return command.option('--csv', 'comma-separated values with a header (RFC 4180)');
}

/** How log entries are printed: lines for people, JSON Lines or CSV. */
export async function logPrinter(
  invocation: Invocation,
  isCsv: boolean,
): Promise<RowPrinter<LogRow>> {
  if (isCsv) return csvPrinter(invocation, LOG_COLUMNS, logRowJson);
  const { out, globals } = invocation;
  if (globals.json) return (row) => out.json(logRowJson(row));
  const layout = createLayout(invocation, new FileSizes());
  return (row) => out.line(logLine(row, layout));
}

/** The same for file events. */
export async function eventPrinter(
  invocation: Invocation,
  isCsv: boolean,
): Promise<RowPrinter<EventRow>> {
  if (isCsv) return csvPrinter(invocation, EVENT_COLUMNS, eventRowJson);
  const { out, globals } = invocation;
  if (globals.json) return (row) => out.json(eventRowJson(row));
  const sizes = new FileSizes();
  const layout = createLayout(invocation, sizes);
  return async (row) => {
    await out.line(eventLine(row, layout));
    sizes.learn(row);
  };
}

/** On a pipe values stay as they are; on a terminal characters that could steer it are escaped. */
async function csvPrinter<Row>(
  { out, globals, io }: Invocation,
  columns: readonly string[],
  toJson: (row: Row) => JsonRow,
): Promise<RowPrinter<Row>> {
  if (globals.json) throw usageError('give --json or --csv, not both');
  const shown = io.stdout.isTTY === true ? safeText : (text: string) => text;
  await out.line(`${csvRecord(columns)}\r`);
  return (row) => {
    const json = toJson(row);
    return out.line(`${csvRecord(columns.map((name) => csvValue(name, json[name], shown)))}\r`);
  };
}

/** Metadata is JSON in its column, whatever it is. */
function csvValue(name: string, value: unknown, shown: (text: string) => string): CsvValue {
  if (name === 'metadata' && value !== undefined) return shown(stringifyJson(value as JsonValue));
  return typeof value === 'string' ? shown(value) : (value as CsvValue);
}
