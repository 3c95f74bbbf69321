import { Command, CommanderError } from 'commander';
import type { CliIo } from './cli-io.ts';
import { COMMANDS } from './command-table.ts';
import { commandIn } from './command-path.ts';
import { CliContext } from './context.ts';
import { errorJson, errorLines, viewError, type ErrorView } from './error-report.ts';
import { ERRORS } from '../protocol/errors.ts';
import { addGlobalOptions, GLOBAL_VALUE_FLAGS } from './global-options.ts';
import { OutputGone } from './output.ts';
import { createStyle, wantsColor } from './style.ts';
import { usageErrorFromCommander } from './usage-error.ts';
import { packageVersion } from '../config/package-files.ts';

const EXAMPLES = `
First steps:
  codi up                      run here and watch this folder
  codi log "deploy done"       write an entry, in another terminal
  codi tail -f                 see what is recorded
  codi help topics             times, JSON, exit codes, sockets`;

/** Runs one command line (without node and script) and gives the exit code; never throws. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const context = new CliContext(io, packageVersion(), COMMANDS);
  let program: Command | undefined;
  try {
    const name = commandNameIn(argv);
    program = await buildProgram(context, [name]);
    // Flags alone, or nothing: not a mistake, but somebody who looks around.
    if (name === undefined && !argv.includes('--version')) program.help();
    await program.parseAsync(argv, { from: 'user' });
    await context.out.flush();
    return context.exitCode;
  } catch (error) {
    const path = program ? commandIn(program, argv).path : [];
    return reportFailure(error, argv, { context, path });
  }
}

/** The whole command line; only the named commands have their arguments and options loaded. */
export async function buildProgram(
  context: CliContext,
  loaded: readonly (string | undefined)[] | 'all',
): Promise<Command> {
  const program = new Command('codi')
    .description('A resilient local flight recorder for workspaces')
    .version(context.version, '--version')
    .showSuggestionAfterError(true)
    .addHelpText('after', EXAMPLES);
  addGlobalOptions(program, true);
  for (const row of COMMANDS) {
    const command = program
      .command(row.name, { hidden: row.isHidden === true })
      .description(row.summary);
    if (loaded === 'all' || loaded.includes(row.name)) {
      const { define } = await row.load();
      define(command, context);
    }
    addGlobalOptionsDeep(command);
  }
  prepareDeep(program, context);
  return program;
}

/** The first word that is neither a flag nor the value of one. */
export function commandNameIn(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (GLOBAL_VALUE_FLAGS.has(word)) index += 1;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

function addGlobalOptionsDeep(command: Command): void {
  addGlobalOptions(command, false);
  for (const child of command.commands) addGlobalOptionsDeep(child);
}

function prepareDeep(command: Command, context: CliContext): void {
  command.helpCommand(false);
  command.configureHelp({ subcommandTerm: (child) => child.name() });
  command.exitOverride().configureOutput({
    writeOut: (text) => void context.out.line(text.replace(/\n$/, '')),
    writeErr: () => undefined,
  });
  for (const child of command.commands) prepareDeep(child, context);
}

/** A wrong use that says no better points to the help of its own command. */
function withHelp(view: ErrorView, path: readonly string[]): ErrorView {
  const isGeneral = view.code === 'CODI_USAGE' && view.hint === ERRORS.CODI_USAGE.hint;
  if (!isGeneral || path.length === 0) return view;
  return { ...view, hint: `see \`${['codi', ...path].join(' ')} --help\`` };
}

async function reportFailure(
  thrown: unknown,
  argv: readonly string[],
  { context, path }: { context: CliContext; path: readonly string[] },
): Promise<number> {
  if (thrown instanceof OutputGone) return 0;
  if (thrown instanceof CommanderError && thrown.exitCode === 0) {
    await context.out.flush().catch(() => undefined);
    return 0;
  }
  const error = thrown instanceof CommanderError ? usageErrorFromCommander(thrown, path) : thrown;
  const view = withHelp(viewError(error), path);
  const style = createStyle(
    wantsColor(context.io.stderr, context.io.env, !argv.includes('--no-color')),
  );
  const isVerbose = argv.some((word) => word === '-v' || word === '--verbose');
  const lines = argv.includes('--json') ? [errorJson(view)] : errorLines(view, style, isVerbose);
  // What was printed before the failure stands before it.
  await context.out.flush().catch(() => undefined);
  await context.notes
    .lines(lines)
    .then(() => context.notes.flush())
    .catch(() => undefined);
  return view.exitCode;
}
