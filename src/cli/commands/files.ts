import type { Command } from 'commander';
import { showBytes } from '../amounts.ts';
import { readCount, readPath } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { CliContext } from '../context.ts';
import { listDuplicates, type DuplicateOptions } from '../file-duplicates.ts';
import { showHistory, type HistoryOptions } from '../file-history.ts';
import type { Invocation } from '../invocation.ts';
import { filePages } from '../pages.ts';
import { fileRowJson } from '../row-json.ts';
import { TERMINAL_LIMIT } from '../row-order.ts';
import { addArchivedOption } from '../row-source.ts';
import { safeText } from '../safe-text.ts';
import { padLeft, padRight } from '../text-width.ts';

interface ListOptions {
  limit?: string;
  prefix?: string;
}

/** `codi files ls|dup|history` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  codi files ls --json
  codi files dup --min-size 1MB
  codi files history src/cart.ts`,
  );
  const ls = command.command('ls').description('list the files that are known');
  ls.argument('[root]', 'only those of this watched path')
    .option('--prefix <text>', 'only paths (relative to the root) that begin so')
    .option('-n, --limit <count>', 'at most so many (all when absent)')
    .addHelpText(
      'after',
      `
Examples:
  codi files ls
  codi files ls ../other --json | jq -r .path
  codi files ls . --prefix src/ --limit 20`,
    )
    .action((root: string | undefined, options: ListOptions) =>
      context.run(ls, (invocation) => listFiles(root, options, invocation)),
    );
  defineDuplicates(command, context);
  defineHistory(command, context);
}

function defineDuplicates(command: Command, context: CliContext): void {
  const dup = command.command('dup').description('list files that are equal');
  dup
    .option('--root <path>', 'only those of this watched path')
    .option('--min-size <size>', 'only files of at least this size: 4096, 64KiB, 10MB')
    .option('-n, --limit <count>', 'at most so many groups (50 on a terminal, else all)')
    .addHelpText(
      'after',
      `
Needs checksums: monitor.checksum = "sha256" (docs/watching.md). The groups that waste most come
first: size × (copies - 1). Hard links of one file are one copy. Empty files are left out.

Examples:
  codi files dup
  codi files dup --root . --min-size 1MB
  codi files dup --json | jq -r '.paths[1:][] | .root + "/" + .path'`,
    )
    .action((options: DuplicateOptions) =>
      context.run(dup, (invocation) => listDuplicates(options, invocation)),
    );
}

function defineHistory(command: Command, context: CliContext): void {
  const history = command.command('history').description('what happened to a file or folder');
  history
    .argument('<path>', 'the file or folder; it may be gone')
    .option('--root <path>', 'as this watched path has it, where several hold the path')
    .option('-n, --limit <count>', `at most so many (${TERMINAL_LIMIT} on a terminal, else all)`)
    .option('--all', 'all of them, also on a terminal')
    .option('--cursor <cursor>', 'go on where an earlier listing ended (see --show-cursor)')
    .option('--show-cursor', 'say at the end how to go on');
  addArchivedOption(history)
    .addHelpText(
      'after',
      `
Newest first, because a path is followed back: what was moved here is told under its earlier names,
also when a folder around it was moved. With -v checksums are shown: before → after.

Examples:
  codi files history src/cart.ts -v
  codi files history src/cart.ts --json --archived | jq -r .checksum`,
    )
    .action((path: string, options: HistoryOptions) =>
      context.run(history, (invocation) => showHistory(path, options, invocation)),
    );
}

async function listFiles(root: string | undefined, options: ListOptions, invocation: Invocation) {
  const { out, globals, io, style } = invocation;
  const limit = options.limit === undefined ? undefined : readCount(options.limit, 'limit');
  const filter = {
    ...(root !== undefined && { root: readPath(root, invocation) }),
    ...(options.prefix !== undefined && { prefix: options.prefix }),
  };
  await invocation.withClient(async (client) => {
    let shownRoot: string | undefined;
    for await (const page of filePages(client, filter, limit)) {
      for (const row of page) {
        if (globals.json) {
          await out.json(fileRowJson(row));
          continue;
        }
        if (row.root !== shownRoot) await out.line(style.bold(`${safeText(row.root)}:`));
        shownRoot = row.root;
        const size = row.kind === 'file' ? showBytes(row.size) : row.kind;
        const time = padRight(showClock(row.mtime, io.nowMs()), 19);
        const name = safeText(row.path) + (row.kind === 'dir' ? '/' : '');
        await out.line(`${padLeft(size, 8)}  ${style.dim(time)}  ${name}`);
      }
      await out.flush();
    }
    if (shownRoot === undefined && !globals.json) await invocation.note('no files are known here');
  });
}
