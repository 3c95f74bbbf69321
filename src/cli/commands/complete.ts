import type { Command } from 'commander';
import { allPaths } from '../actor-paths.ts';
import { commandIn, isFlagValue } from '../command-path.ts';
import type { CliContext } from '../context.ts';
import { AGENT_NAMES } from '../init/found-transcripts.ts';
import type { Invocation } from '../invocation.ts';
import { collect, sessionPages } from '../pages.ts';
import { SCOPES } from '../../protocol/scopes.ts';
import { buildProgram } from '../program.ts';
import { SORT_KEYS } from '../top/top-rows.ts';

const PATIENCE_MS = 400;
const FILES = ':files';
const LEVEL_NAMES = ['trace', 'debug', 'info', 'warn', 'error'];
/** Commands whose argument is the path of an actor. */
const ACTOR_COMMANDS = new Set(
  [
    'inspect',
    'peek',
    'trace',
    'recent',
    'crashes',
    'why',
    'suspend',
    'resume',
    'restart',
    'kill',
    'stop',
    'leaks',
  ].map((name) => `codi ${name}`),
);
/** Commands whose first argument is the number of an export. */
const EXPORT_COMMANDS = new Set(
  ['show', 'cat', 'restore', 'verify'].map((name) => `export ${name}`),
);
const TOPICS = ['topics', 'times', 'json', 'exit-codes', 'sockets'];

/** `codi __complete -- <words…>`: candidates for the last word; `:files` asks the shell for paths. */
export function define(command: Command, context: CliContext): void {
  command.argument('[words...]').action((words: string[]) =>
    context.run(command, async (invocation) => {
      const typed = words.at(-1) ?? '';
      const candidates = await candidatesFor(words.slice(0, -1), typed, context, invocation);
      const fitting = candidates.filter((word) => word === FILES || word.startsWith(typed));
      await invocation.out.lines(fitting);
    }),
  );
}

async function candidatesFor(
  before: string[],
  typed: string,
  context: CliContext,
  invocation: Invocation,
): Promise<string[]> {
  const name = before.find((word, index) => !word.startsWith('-') && !isFlagValue(before, index));
  const program = await buildProgram(context, [name]);
  const { command, rest } = commandIn(program, before);
  const previous = before.at(-1) ?? '';
  const option = command.options.find(
    (known) => known.short === previous || known.long === previous,
  );
  if (option && (option.required || option.optional)) return optionValues(option.long, invocation);
  if (typed.startsWith('-')) return command.options.flatMap((known) => known.long ?? []);
  if (command.commands.length > 0) {
    return command.commands.map((child) => child.name()).filter((child) => !child.startsWith('__'));
  }
  return argumentValues(command, rest, context, invocation);
}

async function optionValues(long: string | undefined, invocation: Invocation): Promise<string[]> {
  if (long === '--level') return LEVEL_NAMES;
  if (long === '--to') return actors(invocation);
  if (long === '--direction') return ['in', 'out'];
  if (long === '--sort') return [...SORT_KEYS];
  if (long === '--session') return sessions(undefined, invocation);
  if (long === '--database') return ['ledger', 'state'];
  if (long === '--scope') return [...SCOPES];
  if (long === '--transcripts') return [...Object.keys(AGENT_NAMES), 'none'];
  if (long === '--order') return ['newest', 'oldest'];
  const takesPath = [
    '--data-dir',
    '--socket',
    '--config',
    '--root',
    '--proof',
    '--key',
    '--checkpoint',
    '--split',
    '--report',
    '--out',
  ].includes(long ?? '');
  return takesPath ? [FILES] : [];
}

async function argumentValues(
  command: Command,
  rest: string[],
  context: CliContext,
  invocation: Invocation,
): Promise<string[]> {
  const line = [command.parent?.name(), command.name()].join(' ');
  if (ACTOR_COMMANDS.has(line)) return actors(invocation);
  if (line === 'session end') return sessions(true, invocation);
  if (line === 'session show' || line === 'session log') return sessions(undefined, invocation);
  if (EXPORT_COMMANDS.has(line)) return rest.length > 0 ? [FILES] : exports(invocation);
  if (line === 'token rotate' || line === 'token revoke') return tokens(invocation);
  if (line === 'codi completion') return ['bash', 'zsh', 'fish'];
  if (line === 'codi help') {
    const names = context.commands.filter((row) => !row.isHidden).map((row) => row.name);
    const { ERRORS } = await import('../../protocol/errors.ts');
    return [...names, ...TOPICS, ...Object.keys(ERRORS)];
  }
  if (line === 'watch rm' || line === 'files ls') return [...(await roots(invocation)), FILES];
  const takesPaths = [
    'codi up',
    'codi init',
    'codi sync',
    'codi import',
    'watch add',
    'daemon start',
  ].includes(line);
  return takesPaths || rest.length > 0 ? [FILES] : [];
}

/** The shell waits: what does not come quickly does not come at all. */
async function orNothing(ask: () => Promise<string[]>): Promise<string[]> {
  const late = new Promise<string[]>((resolve) => {
    setTimeout(() => resolve([]), PATIENCE_MS).unref();
  });
  return Promise.race([ask().catch(() => []), late]);
}

function sessions(active: boolean | undefined, invocation: Invocation): Promise<string[]> {
  return orNothing(() =>
    invocation.withClient(
      async (client) =>
        (await collect(sessionPages(client, active, 200))).map((row) => row.session_id),
      { attempts: 1, requestTimeoutMs: PATIENCE_MS },
    ),
  );
}

/** The newest first, as the shell's own order allows. */
function exports(invocation: Invocation): Promise<string[]> {
  return orNothing(() =>
    invocation.withClient(
      async (client) => {
        const query = { filter: {}, limit: 200, order: 'newest' } as const;
        return (await client.request('QueryExports', query)).exports.map(({ id }) => String(id));
      },
      { attempts: 1, requestTimeoutMs: PATIENCE_MS },
    ),
  );
}

function actors(invocation: Invocation): Promise<string[]> {
  return orNothing(() =>
    invocation.withDebug(async (debug) =>
      allPaths(await debug.tree()).filter((path) => path !== 'root'),
    ),
  );
}

function tokens(invocation: Invocation): Promise<string[]> {
  return orNothing(() =>
    invocation.withClient(
      async (client) => [
        ...new Set((await client.request('ListTokens', {})).tokens.map((token) => token.name)),
      ],
      { attempts: 1, requestTimeoutMs: PATIENCE_MS },
    ),
  );
}

function roots(invocation: Invocation): Promise<string[]> {
  return orNothing(() =>
    invocation.withClient(
      async (client) =>
        (await client.request('ListWatches', {})).watches.map((watch) => watch.path),
      { attempts: 1, requestTimeoutMs: PATIENCE_MS },
    ),
  );
}
