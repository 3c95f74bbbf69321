import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { initConfig, type InitOptions } from '../init/init-config.ts';

const HELP = `
Writes the configuration file of this user ($XDG_CONFIG_HOME/codi/config.toml, or --config), never anything into the
folder. One that is there stays, unless --force is given; then it is kept beside the new one.
Asks on a terminal which transcripts of coding agents are to be captured; elsewhere none are, unless they are named.

Examples:
  codi init
  codi init ~/shop --transcripts claude,codex
  codi init --yes                 with all transcripts that are found, without a question
  codi init --dry-run             only show what would be written`;

/** `codi init [folder]` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('[folder]', 'the folder to watch (this one, when absent)')
    .option('--transcripts <names>', 'claude, codex, gemini, folders of *.jsonl files; none')
    .option('-y, --yes', 'ask nothing, take what is found')
    .option('--force', 'replace a configuration that is there')
    .option('--dry-run', 'print it, write nothing')
    .addHelpText('after', HELP)
    .action((folder: string | undefined, options: InitOptions) =>
      context.run(command, (invocation) => initConfig(folder, options, invocation)),
    );
}
