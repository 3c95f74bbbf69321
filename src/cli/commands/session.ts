import type { Command } from 'commander';
import { processIdentity } from '../../client/process-identity.ts';
import { showDuration } from '../amounts.ts';
import { gather, readCount, readMetadata } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { CliContext } from '../context.ts';
import { addRowOrderOptions } from '../row-order.ts';
import { addCsvOption } from '../row-printer.ts';
import { addArchivedOption, addOfflineOption } from '../row-source.ts';
import { queryLogs, type QueryOptions } from '../query-logs.ts';
import type { Invocation } from '../invocation.ts';
import { collect, sessionPages } from '../pages.ts';
import { sessionRowJson } from '../row-json.ts';
import { safeText } from '../safe-text.ts';
import { newSessionId } from '../session/session-id.ts';
import { endWords, sessionFacts } from '../session/session-text.ts';
import { showSession, type ShowOptions } from '../session/show-session.ts';
import { tableLines } from '../table.ts';
import { usageError } from '../usage-error.ts';
import type { JsonValue } from '../../protocol/json-value.ts';

interface StartOptions {
  identity: string;
  id?: string;
  agentType?: string;
  pid?: string;
  meta?: string[];
}

const DEFAULT_LIMIT = '50';
const SHOWN_ROWS = '1000';

/** `codi session start|end|ls|show|log` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  codi session start --identity alice
  export SESSION_ID=$(codi session start --identity alice -q)
  codi session end
  codi session ls --active
  codi session show alice-3f9c21ab`,
  );
  const start = command.command('start').description('start a session');
  start
    .requiredOption('-i, --identity <name>', 'who works')
    .option('--id <id>', 'the id to give it (made from the identity when absent)')
    .option('--agent-type <type>', 'what kind of agent, for agents')
    .option('--pid <number>', 'the session ends with this process, such as $$')
    .option('-m, --meta <key=value>', 'a fact about it; may be repeated', gather)
    .action((options: StartOptions) =>
      context.run(start, (invocation) => startSession(options, invocation)),
    );
  const end = command.command('end').description('end a session');
  end
    .argument('[id]', 'the session (SESSION_ID when absent)')
    .action((id: string | undefined) =>
      context.run(end, (invocation) => endSession(id, invocation)),
    );
  const ls = command.command('ls').description('list sessions, the newest first');
  ls.option('--active', 'only those that have not ended')
    .option('-n, --limit <count>', `at most so many (${DEFAULT_LIMIT} on a terminal)`)
    .action((options: { active?: boolean; limit?: string }) =>
      context.run(ls, (invocation) => listSessions(options, invocation)),
    );
  const show = command.command('show').description('what a session did, in order');
  show
    .argument('<id>', 'the session')
    .option('--full', 'each file event, instead of one line for each path')
    .option('--archived', 'also what retention has moved into the archive')
    .option('-n, --limit <count>', 'at most so many entries, exports, and events', SHOWN_ROWS)
    .action((id: string, options: ShowOptions) =>
      context.run(show, (invocation) => showSession(id, options, invocation)),
    );
  const log = command.command('log').description('the log entries of a session');
  addOfflineOption(addArchivedOption(addCsvOption(addRowOrderOptions(log))))
    .argument('[id]', 'the session (SESSION_ID when absent)')
    .option('-f, --follow', 'then go on with what comes')
    .action((id: string | undefined, options: QueryOptions) =>
      context.run(log, async (invocation) =>
        queryLogs({ ...options, session: await namedSession(id, invocation) }, invocation),
      ),
    );
}

async function startSession(options: StartOptions, invocation: Invocation): Promise<void> {
  const sessionId = options.id ?? newSessionId(options.identity);
  const metadata = readMetadata(options.meta ?? []) as JsonValue | undefined;
  const place = await invocation.withClientOrSpool((client) =>
    client.send('SessionStart', {
      session_id: sessionId,
      identity: options.identity,
      agent_type: options.agentType ?? null,
      metadata: metadata ?? null,
      ...(options.pid !== undefined && {
        process: processIdentity(readCount(options.pid, 'process id')),
      }),
    }),
  );
  const { globals, out } = invocation;
  const spooled = place === 'spool' && { spooled: true };
  if (spooled) await invocation.noteSpooled(`the start of session ${safeText(sessionId)}`);
  if (globals.json)
    return out.json({ session_id: sessionId, identity: options.identity, ...spooled });
  if (globals.quiet) return out.line(sessionId);
  if (!spooled) await out.line(`session ${safeText(sessionId)} started`);
  await out.line(`  use it in this shell: export SESSION_ID=${sessionId}`);
}

async function namedSession(id: string | undefined, invocation: Invocation): Promise<string> {
  const sessionId = id ?? (await invocation.endpoint()).identity.sessionId;
  if (sessionId !== undefined) return sessionId;
  throw usageError('which session?', 'name it, or set SESSION_ID; `codi session ls` lists them');
}

async function endSession(id: string | undefined, invocation: Invocation): Promise<void> {
  const sessionId = await namedSession(id, invocation);
  const place = await invocation.withClientOrSpool((client) =>
    client.send('SessionEnd', { session_id: sessionId }),
  );
  const { globals, out } = invocation;
  const spooled = place === 'spool' && { spooled: true };
  if (spooled) await invocation.noteSpooled(`the end of session ${safeText(sessionId)}`);
  if (globals.json) return out.json({ session_id: sessionId, ...spooled });
  if (!globals.quiet && !spooled) await out.line(`session ${safeText(sessionId)} ended`);
}

async function listSessions(
  options: { active?: boolean; limit?: string },
  invocation: Invocation,
): Promise<void> {
  const { globals, io, out, style } = invocation;
  const isTerminal = io.stdout.isTTY === true && !globals.json;
  const limitText = options.limit ?? (isTerminal ? DEFAULT_LIMIT : undefined);
  const limit = limitText === undefined ? undefined : readCount(limitText, 'limit');
  await invocation.withClient(async (client) => {
    const pages = sessionPages(client, options.active, limit);
    if (globals.json) {
      for await (const page of pages)
        for (const row of page)
          await out.json({ ...sessionRowJson(row), ...sessionFacts(row, io.nowMs()) });
      return;
    }
    const rows = await collect(pages);
    if (rows.length === 0) return invocation.note('no sessions');
    const columns = ['SESSION', 'IDENTITY', 'AGENT', 'STARTED', 'STATE', 'LASTED', 'END'];
    const cells = rows.map((row) => [
      safeText(row.session_id),
      safeText(row.identity),
      safeText(row.agent_type ?? '-'),
      showClock(row.started_at, io.nowMs()),
      sessionFacts(row, io.nowMs()).state,
      showDuration(sessionFacts(row, io.nowMs()).duration_ms),
      endWords(row),
    ]);
    const titles = columns.map((title) => ({ title }));
    await out.lines(tableLines(titles, cells, style.dim));
  });
}
