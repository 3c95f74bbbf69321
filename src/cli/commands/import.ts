import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { importLogs } from '../import/import-logs.ts';
import type { ImportOptions } from '../import/import-logs.ts';

const HELP = `
Log entries, agent messages, state changes and events of the old file monitor are told apart; lines
that racing writers tore apart are put together where that is certain, and what cannot be read is
reported with its line numbers. Files may be compressed with gzip; - is standard input.
Running it again stores nothing twice: what is new at the end of the log is added.

Exit code 6 with --strict when something could not be read, 3 when the log was changed since, 75
when it was interrupted.

Examples:
  codi import .coditect/logs/events.log
  codi import --dry-run --report unreadable.jsonl old/*.log
  codi import --split sorted/ old.log.gz
  ssh host cat app.log | codi import -`;

/** `codi import <file…>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<files...>', 'logs of JSON lines; - for standard input')
    .option('--as <name>', 'tells apart two logs that begin with the same line')
    .option('--dry-run', 'only say what is in them; needs no daemon')
    .option('--split <folder>', 'also write the records, sorted by kind, to JSON lines there')
    .option('--report <file>', 'write all that could not be read to this file, as JSON lines')
    .option('--strict', 'fail when something could not be read')
    .addHelpText('after', HELP)
    .action((files: string[], options: ImportOptions) =>
      context.run(command, (invocation) => importLogs(files, options, invocation)),
    );
}
