import type { Command } from 'commander';
import type { LogEntryInput } from '../../client/log-entry.ts';
import { gather, readLevel, readMetadata } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { usageError } from '../usage-error.ts';

interface LogOptions {
  level: string;
  component: string;
  meta?: string[];
  session?: string;
}

const HELP = `
Values of --meta are numbers, true, false or null when they read as such, text otherwise
(007 and numbers that would lose digits stay text). The session is --session, else SESSION_ID.
The command returns when the entry is on disk: recorded by the daemon, or, while none is running, in the
spool folder, from where the daemon takes it when it is back.

Examples:
  codi log "deploy done" --level info --component release --meta user=42
  make 2>&1 | codi log - --component build
  codi log "tests are red" --level error --json`;

/** `codi log <text>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<text...>', 'what happened; - reads it from standard input')
    .option('-l, --level <level>', 'trace, debug, info, warn or error', 'info')
    .option('-c, --component <name>', 'which part speaks', 'cli')
    .option('-m, --meta <key=value>', 'a fact about it; may be repeated', gather)
    .option('-s, --session <id>', 'the session it belongs to (SESSION_ID)')
    .addHelpText('after', HELP)
    .action((words: string[], options: LogOptions) =>
      context.run(command, (invocation) => writeEntry(words, options, invocation)),
    );
}

async function writeEntry(words: string[], options: LogOptions, invocation: Invocation) {
  const metadata = readMetadata(options.meta ?? []);
  const entry: LogEntryInput = {
    level: readLevel(options.level),
    component: options.component,
    message: await readMessage(words, invocation),
    timestamp: new Date(invocation.io.nowMs()).toISOString(),
    ...(metadata && { metadata }),
    ...(options.session !== undefined && { session_id: options.session }),
  };
  const accepted = await invocation.withClientOrSpool((client) => client.log(entry));
  const isSpooled = accepted.place === 'spool';
  if (isSpooled) await invocation.noteSpooled('the entry');
  if (!invocation.globals.json) {
    if (!invocation.globals.quiet && !isSpooled) await invocation.out.line('recorded');
    return;
  }
  const { identity } = await invocation.endpoint();
  const sessionId = options.session ?? identity.sessionId;
  await invocation.out.json({
    id: accepted.messageId,
    time: entry.timestamp,
    level: entry.level.toLowerCase(),
    component: entry.component,
    message: entry.message,
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(metadata && { metadata }),
    ...(isSpooled && { spooled: true }),
  });
}

async function readMessage(words: string[], invocation: Invocation): Promise<string> {
  if (words.length !== 1 || words[0] !== '-') return words.join(' ');
  const chunks: Buffer[] = [];
  for await (const chunk of invocation.io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (text === '') throw usageError('there is no text on standard input');
  return text;
}
