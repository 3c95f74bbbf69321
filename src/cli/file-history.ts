import type { AnswerOf } from '../client/answers.ts';
import type { MonitorClient } from '../client/monitor-client.ts';
import type { EventRow } from '../protocol/messages.ts';
import { showCount, showLargeCount } from './amounts.ts';
import { readPath } from './argument-values.ts';
import type { Invocation } from './invocation.ts';
import { createLayout, FileSizes } from './layout.ts';
import { withProgress } from './progress.ts';
import { eventRowJson } from './row-json.ts';
import { eventLine } from './row-lines.ts';
import { listRows } from './row-listing.ts';
import { noteListing } from './row-notes.ts';
import { readRowOrder } from './row-order.ts';
import type { AskPage } from './row-source.ts';
import { safeText } from './safe-text.ts';

export interface HistoryOptions {
  root?: string;
  limit?: string;
  all?: boolean;
  cursor?: string;
  showCursor?: boolean;
  archived?: boolean;
}

type Answer = AnswerOf['QueryHistory'];

/** `codi files history`: what happened to one path, under each name that it had; newest first. */
export async function showHistory(
  path: string,
  options: HistoryOptions,
  invocation: Invocation,
): Promise<number> {
  const order = readRowOrder({ ...options, order: 'newest' }, invocation);
  const wanted = {
    path: readPath(path, invocation),
    ...(options.root !== undefined && { root: readPath(options.root, invocation) }),
    ...(options.archived && { include_archived: true }),
  };
  return invocation.withClient(async (client) => {
    let last: Answer | undefined;
    const ask = historyPages(client, wanted, (answer) => (last = answer));
    const listed = await withProgress(
      invocation,
      'looking through the events',
      (clear) => listRows(ask, order, rowPrinter(invocation, clear)),
      () =>
        last ? `${showLargeCount(last.head - last.down_to)} of ${showLargeCount(last.head)}` : '',
    );
    const code = await noteListing(
      invocation,
      'events',
      listed,
      order,
      options.showCursor === true,
    );
    if (last) await notePlace(last, listed.next === undefined, invocation);
    return code;
  });
}

function historyPages(
  client: MonitorClient,
  wanted: { path: string; root?: string; include_archived?: boolean },
  onPage: (answer: Answer) => void,
): AskPage<EventRow> {
  return async ({ limit, cursor }) => {
    const page = { limit, ...(cursor !== undefined && { cursor }) };
    const answer = await client.request('QueryHistory', { ...wanted, ...page });
    onPage(answer);
    return {
      rows: answer.events,
      next: answer.next ?? undefined,
      head: answer.head,
      estimate: undefined,
      reachesArchive: (answer.archived ?? 0) > 0,
      damaged: answer.damaged ?? [],
    };
  };
}

function rowPrinter(invocation: Invocation, clear: () => void): (row: EventRow) => Promise<void> {
  const { out, globals, io } = invocation;
  if (globals.json) return (row) => out.json(eventRowJson(row));
  const layout = createLayout(invocation, new FileSizes());
  return async (row) => {
    clear();
    await out.line(eventLine(row, layout));
    if (io.stdout.isTTY === true) await out.flush();
  };
}

/** What is not told here. */
async function notePlace(answer: Answer, isWhole: boolean, invocation: Invocation): Promise<void> {
  const { pruned_through: pruned, other_roots: others, root } = answer;
  if (isWhole && pruned != null)
    await invocation.note(`retention has deleted events up to ${showCount(pruned)}`);
  for (const other of others ?? [])
    await invocation.note(
      `as ${safeText(root)} has it; also watched as ${safeText(other)}: --root ${safeText(other)}`,
    );
}
