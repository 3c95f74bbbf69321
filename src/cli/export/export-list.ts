import type { ExportRow } from '../../protocol/messages.ts';
import { showBytes } from '../amounts.ts';
import { readChoice, readCount, readTime } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { Invocation } from '../invocation.ts';
import { labelledLines } from '../labelled-lines.ts';
import { exportRowJson } from '../row-json.ts';
import { safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { EXPORT_KINDS } from '../../protocol/export-names.ts';
import { EXPORT_STATES } from '../../protocol/export-words.ts';
import {
  exportPages,
  exportRow,
  originalOf,
  withExports,
  type ExportFilter,
  type Original,
} from './export-rows.ts';

export interface ListOptions {
  session?: string;
  since?: string;
  until?: string;
  state?: string;
  kind?: string;
  limit?: string;
}

const DEFAULT_LIMIT = '50';
const ID_CHARACTERS = 12;

/** `codi export ls`: the newest first. */
export async function listExports(options: ListOptions, invocation: Invocation): Promise<void> {
  const { globals, io, out, style } = invocation;
  const isTerminal = io.stdout.isTTY === true && !globals.json;
  const limitText = options.limit ?? (isTerminal ? DEFAULT_LIMIT : undefined);
  const limit = limitText === undefined ? undefined : readCount(limitText, 'limit');
  const rows: ExportRow[] = [];
  await withExports(invocation, async (source) => {
    for await (const page of exportPages(source, filterOf(options, invocation), { limit })) {
      if (!globals.json) rows.push(...page);
      else for (const row of page) await out.json(exportRowJson(row));
    }
  });
  if (globals.json) return;
  if (rows.length === 0) return invocation.note('no exports');
  const columns = [
    { title: 'ID', align: 'right' as const },
    ...['CAPTURED', 'SESSION'].map((title) => ({ title })),
    { title: 'SIZE', align: 'right' as const },
    { title: 'FILE' },
  ];
  const cells = rows.map((row) => cellsOf(row, io.nowMs()));
  await out.lines(tableLines(columns, cells, style.dim));
}

/** `codi export show`: all that is known of one. */
export async function showExport(id: string, invocation: Invocation): Promise<void> {
  const { globals, io, out, style } = invocation;
  const number = readCount(id, 'id');
  const { row, original } = await withExports(invocation, async (source) => ({
    row: await exportRow(source, number),
    original: await originalOf(source, number),
  }));
  if (globals.json)
    return out.json({ ...exportRowJson(row), ...(original && { original: { ...original } }) });
  const secrets = Object.entries(row.secrets ?? {}).map(([kind, count]) => `${count} ${kind}`);
  const lines: [string, string | undefined | null][] = [
    ['file', row.original_path],
    ['state', row.reason == null ? row.state : `${row.state} (${row.reason})`],
    ['kind', row.kind],
    ['session', row.session_id && `${row.session_id} (by ${row.session_by ?? 'itself'})`],
    ['captured', showClock(row.captured_at, io.nowMs())],
    ['written', row.modified_at && showClock(row.modified_at, io.nowMs())],
    ['size', row.size == null ? undefined : showBytes(row.size)],
    ['sha-256', row.checksum],
    ['kept in', row.archive_path],
    ['goes on', row.base && `from ${row.base.slice(0, ID_CHARACTERS)}…`],
    ['original', original && originalText(original, io.nowMs())],
    ['removed', row.pruned_at && showClock(row.pruned_at, io.nowMs())],
    ['secrets', secrets.length > 0 ? secrets.join(', ') : undefined],
  ];
  const known = lines.flatMap(([label, text]): [string, string][] =>
    text == null || text === '' ? [] : [[label, safeText(text)]],
  );
  await out.lines(labelledLines(known, style));
}

function originalText({ outcome, time, to, reason }: Original, nowMs: number): string {
  const at = showClock(time, nowMs);
  if (outcome === 'kept') return `stays: ${reason ?? 'unknown'} (${at})`;
  if (outcome === 'gone') return `was gone already, ${at}`;
  return `${outcome}${to === undefined ? '' : ` to ${to}`}, ${at}`;
}

export function filterOf(options: ListOptions, invocation: Invocation): ExportFilter {
  const { session, since, until, state, kind } = options;
  return {
    session_id: session ?? null,
    since: readTime(since, invocation) ?? null,
    until: readTime(until, invocation) ?? null,
    state: state === undefined ? null : readChoice(state, EXPORT_STATES, 'a state'),
    kind: kind === undefined ? null : readChoice(kind, EXPORT_KINDS, 'a kind'),
  };
}

function cellsOf(row: ExportRow, nowMs: number): string[] {
  const notes = [
    row.state === 'captured' ? undefined : row.state,
    row.pruned_at == null ? undefined : 'removed by policy',
    row.secrets == null ? undefined : 'may hold secrets',
  ].filter((note) => note !== undefined);
  const note = notes.length === 0 ? '' : `  (${notes.join(', ')})`;
  return [
    String(row.id),
    showClock(row.captured_at, nowMs),
    safeText(row.session_id ?? '-'),
    row.size == null ? '-' : showBytes(row.size),
    safeText(row.original_path) + note,
  ];
}
