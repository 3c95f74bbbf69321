import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import {
  captureExport,
  printExport,
  restoreExport,
  searchExports,
} from '../export/export-content.ts';
import { verifyExports } from '../export/check-exports.ts';
import { listExports, showExport, type ListOptions } from '../export/export-list.ts';

const REDACT = 'known forms of secrets replaced by [redacted:<form>]';

/** `codi export ls|show|cat|restore|verify|capture|search` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  codi export ls --session alice-3f9c21ab
  codi export cat 12 | less
  codi export restore 12 found.txt
  codi export search 'panic:' --since 2d`,
  );
  const ls = filtered(command.command('ls').description('list exports, the newest first'));
  ls.option('--state <state>', 'captured, duplicate, empty, refused, unreadable or vanished')
    .option('-n, --limit <count>', 'at most so many (50 on a terminal)')
    .action((options: ListOptions) =>
      context.run(ls, (invocation) => listExports(options, invocation)),
    );
  const show = command.command('show').description('all that is known of an export');
  show
    .argument('<id>', 'its number')
    .action((id: string) => context.run(show, (invocation) => showExport(id, invocation)));
  const cat = command.command('cat').description('print the content of an export');
  cat
    .argument('<id>', 'its number')
    .option('--redact', REDACT)
    .addHelpText(
      'after',
      '\nExamples:\n  codi export cat 12 | less\n  codi export cat 12 --redact > to-share.txt',
    )
    .action((id: string, options: { redact?: boolean }) =>
      context.run(cat, (invocation) =>
        printExport(id, { isRedacted: options.redact === true }, invocation),
      ),
    );
  defineRestore(command, context);
  const verify = command.command('verify').description('read and hash what is kept');
  verify
    .argument('[ids...]', 'their numbers (all when absent)')
    .addHelpText('after', '\nExit code 6 when something is missing or changed.')
    .action((ids: string[]) => context.run(verify, (invocation) => verifyExports(ids, invocation)));
  const capture = command.command('capture').description('capture a file now, whatever its name');
  capture
    .argument('<file>', 'a regular file')
    .action((file: string) =>
      context.run(capture, (invocation) => captureExport(file, invocation)),
    );
  const search = filtered(command.command('search').description('find lines in what is kept'));
  search
    .argument('<text>', 'a part of a line, as it is written there')
    .option('-n, --limit <count>', 'at most so many lines (100)')
    .option('--redact', `look in, and show, the text with ${REDACT}`)
    .action((text: string, options: ListOptions & { redact?: boolean }) =>
      context.run(search, (invocation) => searchExports(text, options, invocation)),
    );
}

function defineRestore(command: Command, context: CliContext): void {
  const restore = command.command('restore').description('write the content to a file');
  restore
    .argument('<id>', 'its number')
    .argument('<file>', 'a new one')
    .option('--force', 'replace a file that is there')
    .addHelpText('after', '\nExample:\n  codi export restore 12 ~/found.txt')
    .action((id: string, file: string, options: { force?: boolean }) =>
      context.run(restore, (invocation) =>
        restoreExport(id, file, { mayReplace: options.force === true }, invocation),
      ),
    );
}

function filtered(command: Command): Command {
  return command
    .option('--session <id>', 'of this session')
    .option('--since <time>', 'captured at or after this time')
    .option('--until <time>', 'captured before this time')
    .option('--kind <kind>', 'export or transcript');
}
