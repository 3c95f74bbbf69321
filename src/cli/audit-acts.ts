import type { ActRow } from '../protocol/messages.ts';
import { readCount, readTime } from './argument-values.ts';
import { showClock } from './clock-text.ts';
import type { Invocation } from './invocation.ts';
import { actPages } from './pages.ts';
import { actRowJson } from './row-json.ts';
import { safeText } from './safe-text.ts';

export interface ActOptions {
  kind?: string;
  subject?: string;
  since?: string;
  until?: string;
  limit?: string;
}

const DEFAULT_LIMIT = '50';

/** `codi audit log`: what was done to the daemon, by a person or by itself, newest first. */
export async function listActs(options: ActOptions, invocation: Invocation): Promise<void> {
  const { globals, io, out } = invocation;
  const isTerminal = io.stdout.isTTY === true && !globals.json;
  const limitText = options.limit ?? (isTerminal ? DEFAULT_LIMIT : undefined);
  const limit = limitText === undefined ? undefined : readCount(limitText, 'limit');
  const filter = {
    kind: options.kind ?? null,
    subject: options.subject ?? null,
    since: readTime(options.since, invocation) ?? null,
    until: readTime(options.until, invocation) ?? null,
  };
  let count = 0;
  await invocation.withClient(async (client) => {
    for await (const page of actPages(client, filter, limit)) {
      count += page.length;
      for (const row of page) {
        if (globals.json) await out.json(actRowJson(row));
        else await out.line(actLine(row, invocation));
      }
    }
  });
  if (count === 0) await invocation.note('no acts');
}

/** Time, what was done, to what, by whom, and what else is known. */
function actLine(row: ActRow, { io, style }: Invocation): string {
  const { time, kind, subject, actor, data } = row;
  const by = actor == null ? 'the daemon' : safeText(actor);
  const known = data == null ? '' : `  ${style.dim(safeText(JSON.stringify(data)))}`;
  const head = `${style.dim(showClock(time, io.nowMs()))}  ${safeText(kind)}  ${safeText(subject)}`;
  return `${head}  ${style.dim(`by ${by}`)}${known}`;
}
