import { InvalidArgumentError, type Command } from 'commander';

/** The flags that every command takes, before or after its name. */
export interface GlobalOptions {
  json: boolean;
  color: boolean;
  quiet: boolean;
  verbose: boolean;
  dataDir?: string;
  socket?: string;
  config?: string;
}

/** Those that take a value: the command name is looked for behind it. */
export const GLOBAL_VALUE_FLAGS: ReadonlySet<string> = new Set([
  '--data-dir',
  '--socket',
  '--config',
]);

/** Declares the global flags on a command; `isListed` shows them in its help. */
export function addGlobalOptions(command: Command, isListed: boolean): Command {
  const rows: readonly (readonly [string, string])[] = [
    ['--json', 'print JSON: lines for lists, one object for one thing'],
    ['--data-dir <dir>', 'the data directory (CODI_DATA_DIR)'],
    ['--socket <path>', "the daemon's socket (CODI_SOCKET)"],
    ['--config <file>', 'the configuration file (CODI_CONFIG)'],
    ['--no-color', 'no colours (also NO_COLOR)'],
    ['-q, --quiet', 'print only what was asked for'],
    ['-v, --verbose', 'say more; stack traces with errors'],
  ];
  for (const [flags, description] of rows) {
    const option = command.createOption(flags, description);
    if (option.required) option.argParser(readNamed);
    command.addOption(isListed ? option : option.hideHelp());
  }
  return command;
}

/** An empty text is that of a variable that is not set, and would name the folder the command runs in. */
function readNamed(text: string): string {
  if (text === '') throw new InvalidArgumentError('Name a path.');
  return text;
}

/** The global flags of an invocation: the nearest place wins, except that any `--no-color` counts. */
export function readGlobalOptions(command: Command): GlobalOptions {
  const chain: Command[] = [];
  for (let at: Command | null = command; at; at = at.parent) chain.push(at);
  const all = chain.map((at) => at.opts<Partial<GlobalOptions>>());
  const text = (key: 'dataDir' | 'socket' | 'config') => {
    const value = all.map((options) => options[key]).find((given) => given !== undefined);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    json: all.some((options) => options.json === true),
    color: all.every((options) => options.color !== false),
    quiet: all.some((options) => options.quiet === true),
    verbose: all.some((options) => options.verbose === true),
    ...text('dataDir'),
    ...text('socket'),
    ...text('config'),
  };
}
