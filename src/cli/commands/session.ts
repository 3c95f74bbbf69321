import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { gather, readCount, readMetadata } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { collect, sessionPages } from '../pages.ts';
import { sessionRowJson } from '../row-json.ts';
import { safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { usageError } from '../usage-error.ts';
import type { JsonValue } from '../../protocol/json-value.ts';

interface StartOptions {
  identity: string;
  id?: string;
  agentType?: string;
  meta?: string[];
}

const DEFAULT_LIMIT = '50';

/** `codi session start|end|ls` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  codi session start --identity alice
  export SESSION_ID=$(codi session start --identity alice -q)
  codi session end
  codi session ls --active`,
  );
  const start = command.command('start').description('start a session');
  start
    .requiredOption('-i, --identity <name>', 'who works')
    .option('--id <id>', 'the id to give it (made from the identity when absent)')
    .option('--agent-type <type>', 'what kind of agent, for agents')
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

async function endSession(id: string | undefined, invocation: Invocation): Promise<void> {
  const sessionId = id ?? (await invocation.endpoint()).identity.sessionId;
  if (sessionId === undefined) {
    throw usageError('which session?', 'name it, or set SESSION_ID; `codi session ls` lists them');
  }
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
      for await (const page of pages) for (const row of page) await out.json(sessionRowJson(row));
      return;
    }
    const rows = await collect(pages);
    if (rows.length === 0) return invocation.note('no sessions');
    const columns = ['SESSION', 'IDENTITY', 'AGENT', 'STARTED', 'ENDED'];
    const cells = rows.map((row) => [
      safeText(row.session_id),
      safeText(row.identity),
      safeText(row.agent_type ?? '-'),
      showClock(row.started_at, io.nowMs()),
      row.ended_at ? showClock(row.ended_at, io.nowMs()) : 'active',
    ]);
    const titles = columns.map((title) => ({ title }));
    await out.lines(tableLines(titles, cells, style.dim));
  });
}

/** Readable and unique: `alice-3f9c21ab`. */
function newSessionId(identity: string): string {
  const name = identity
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .slice(0, 40);
  return `${name.replace(/^-+|-+$/g, '') || 'session'}-${randomBytes(4).toString('hex')}`;
}
