import type { GapRow } from '../protocol/messages.ts';
import { plural, showCount, showDuration } from './amounts.ts';
import { readCount, readPath, readTime } from './argument-values.ts';
import { showClock } from './clock-text.ts';
import type { Invocation } from './invocation.ts';
import { collect, gapPages } from './pages.ts';
import { gapRowJson } from './row-json.ts';
import { safeText } from './safe-text.ts';
import { tableLines } from './table.ts';

export interface GapOptions {
  open?: boolean;
  root?: string;
  since?: string;
  limit?: string;
}

const DEFAULT_LIMIT = '50';
const FOUND_WORDS = [
  ['create', 'created'],
  ['update', 'updated'],
  ['delete', 'deleted'],
  ['move', 'moved'],
  ['attrib', 'attrib'],
] as const;
const COLUMNS = [
  { title: 'OPENED' },
  { title: 'LASTED', align: 'right' as const },
  { title: 'REASON' },
  { title: 'FOUND' },
  { title: 'EVENTS' },
  { title: 'WHERE' },
];

/** `codi watch gaps`: when what is watched was in doubt, why, and what was found then; newest first. */
export async function listGaps(options: GapOptions, invocation: Invocation): Promise<void> {
  const { globals, io, out, style } = invocation;
  const isTerminal = io.stdout.isTTY === true && !globals.json;
  const limitText = options.limit ?? (isTerminal ? DEFAULT_LIMIT : undefined);
  const limit = limitText === undefined ? undefined : readCount(limitText, 'limit');
  const since = readTime(options.since, invocation);
  const filter = {
    ...(options.open && { open: true }),
    ...(options.root !== undefined && { root: readPath(options.root, invocation) }),
    ...(since !== undefined && { since }),
  };
  await invocation.withClient(async (client) => {
    const pages = gapPages(client, filter, limit);
    if (globals.json) {
      for await (const page of pages) for (const row of page) await out.json(gapRowJson(row));
      return;
    }
    const rows = await collect(pages);
    if (rows.length === 0) return invocation.note(options.open ? 'no open gaps' : 'no gaps');
    const cells = rows.map((row) => gapCells(row, io.nowMs()));
    await out.lines(tableLines(COLUMNS, cells, style.dim));
    const open = rows.filter(({ closed }) => closed == null).length;
    await invocation.note(style.dim(`${plural(rows.length, 'gap')}, ${showCount(open)} open`));
  });
}

function gapCells(row: GapRow, nowMs: number): string[] {
  const { opened, closed, reason, times, first_seq: first, last_seq: last } = row;
  const lasted = closed == null ? 'open' : showDuration(Date.parse(closed) - Date.parse(opened));
  return [
    showClock(opened, nowMs),
    lasted,
    times > 1 ? `${reason} (${showCount(times)} times)` : reason,
    showFound(row),
    first == null || last == null ? '-' : `${first} to ${last}`,
    whereOf(row),
  ];
}

function showFound({ found, closed }: GapRow): string {
  const parts = FOUND_WORDS.flatMap(([event, word]) => {
    const count = found[event] ?? 0;
    return count === 0 ? [] : [`${showCount(count)} ${word}`];
  });
  if (parts.length > 0) return parts.join(', ');
  return closed == null ? '-' : 'nothing';
}

function whereOf({ root, path, detail }: GapRow): string {
  const place = path == null || path === '' ? root : `${root}/${path}`;
  return safeText(detail == null ? place : `${place}: ${detail}`);
}
