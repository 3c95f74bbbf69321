import { CodiError } from '../../protocol/errors.ts';
import type { MonitorClient } from '../../client/monitor-client.ts';
import type { SessionRow } from '../../protocol/messages.ts';
import { showBytes } from '../amounts.ts';
import { readCount } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { Invocation } from '../invocation.ts';
import { createLayout, FileSizes } from '../layout.ts';
import { collect, sessionPages } from '../pages.ts';
import { eventRowJson, exportRowJson, logRowJson, present, sessionRowJson } from '../row-json.ts';
import { eventLine, logLine, type LineLayout } from '../row-lines.ts';
import { safeText } from '../safe-text.ts';
import { padRight, shortenMiddle, textWidth } from '../text-width.ts';
import type { FoldedFile } from './file-fold.ts';
import { sessionFacts, sessionHead } from './session-text.ts';
import { readTimeline, type Moment, type Timeline } from './timeline.ts';

export interface ShowOptions {
  full?: boolean;
  archived?: boolean;
  limit: string;
}

const GAP = '  ';
const WORD_WIDTH = 8;

/** `codi session show`: who it was, and what it did, in order. */
export async function showSession(
  sessionId: string,
  options: ShowOptions,
  invocation: Invocation,
): Promise<void> {
  const rows = readCount(options.limit, 'limit');
  const limits = {
    rows,
    isFull: options.full === true,
    withArchive: options.archived === true,
  };
  await invocation.withClient(async (client) => {
    const session = await findSession(client, sessionId);
    const timeline = await readTimeline(client, session, limits);
    if (invocation.globals.json) await printJson(invocation, session, timeline);
    else await printText(invocation, session, timeline);
    await noteRest(invocation, sessionId, timeline);
  });
}

/** Throws CODI_SESSION_UNKNOWN. */
export async function findSession(client: MonitorClient, sessionId: string): Promise<SessionRow> {
  const [session] = await collect(sessionPages(client, undefined, 1, sessionId));
  if (session) return session;
  throw new CodiError('CODI_SESSION_UNKNOWN', { sessionId: safeText(sessionId) });
}

async function printJson(
  { out, io }: Invocation,
  session: SessionRow,
  { moments }: Timeline,
): Promise<void> {
  const facts = sessionFacts(session, io.nowMs());
  await out.json({ type: 'session', ...sessionRowJson(session), ...facts });
  for (const moment of moments) await out.json({ type: moment.type, ...momentJson(moment) });
}

function momentJson({ type, row }: Moment): Record<string, unknown> {
  if (type === 'entry') return logRowJson(row);
  if (type === 'event') return eventRowJson(row);
  return type === 'export' ? exportRowJson(row) : present({ ...row });
}

async function printText(
  invocation: Invocation,
  session: SessionRow,
  { moments }: Timeline,
): Promise<void> {
  const { out, io, style } = invocation;
  await out.lines(sessionHead(session, io.nowMs(), style));
  if (moments.length > 0) await out.line('');
  const sizes = new FileSizes();
  const layout = createLayout(invocation, sizes);
  for (const moment of moments) {
    await out.line(momentLine(moment, layout));
    if (moment.type === 'event') sizes.learn(moment.row);
  }
}

function momentLine(moment: Moment, layout: LineLayout): string {
  const { row } = moment;
  switch (moment.type) {
    case 'entry':
      // Which session it is stands above.
      return logLine({ ...moment.row, session_id: null }, layout);
    case 'event':
      return eventLine(moment.row, layout);
    case 'file':
      return fileLine(moment.row, layout);
    case 'export': {
      const { original_path, size, state } = row as typeof moment.row;
      const facts = [size == null ? undefined : showBytes(size), state === 'captured' ? '' : state];
      return ourLine('export', moment.time, safeText(original_path), facts, layout);
    }
  }
}

/** `14:02:11  created src/a.ts  1.2 kB, 3 changes until 14:02:19` */
function fileLine(file: FoldedFile, layout: LineLayout): string {
  const prefix = layout.rootPrefix(file.root);
  const path = prefix + safeText(file.path) + (file.kind === 'dir' ? '/' : '');
  const text = file.from == null ? path : `${prefix}${safeText(file.from)} → ${path}`;
  const until = showClock(file.last_time, layout.nowMs());
  const facts = [
    file.size == null || file.kind !== 'file' ? undefined : showBytes(file.size),
    file.changes === 1 ? undefined : `${file.changes} changes until ${until}`,
  ];
  return ourLine(
    file.effect === 'temporary' ? 'temp' : file.effect,
    file.first_time,
    text,
    facts,
    layout,
  );
}

function ourLine(
  word: string,
  time: string,
  text: string,
  facts: readonly (string | undefined)[],
  { style, columns, nowMs }: LineLayout,
): string {
  const clock = showClock(time, nowMs());
  const head = `${style.dim(clock)}${GAP}${style.blue(padRight(word, WORD_WIDTH))}`;
  const tail = facts.filter(Boolean).join(', ');
  const used = textWidth(clock) + GAP.length + WORD_WIDTH + GAP.length + textWidth(tail);
  const shown = columns === undefined ? text : shortenMiddle(text, Math.max(8, columns - used));
  return tail === '' ? head + shown : `${head}${shown}${GAP}${style.dim(tail)}`;
}

async function noteRest(
  invocation: Invocation,
  sessionId: string,
  { hasMoreEntries, hasMoreEvents, hasMoreExports, reachesArchive }: Timeline,
): Promise<void> {
  const id = safeText(sessionId);
  if (hasMoreEntries) await invocation.note(`there are more entries: codi session log ${id}`);
  if (hasMoreEvents)
    await invocation.note(`there are more file events: codi events --session ${id}`);
  if (hasMoreExports) await invocation.note('there are more exports');
  if (reachesArchive)
    await invocation.note('some of this time is in the archive, too: add --archived');
}
