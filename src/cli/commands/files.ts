import type { Command } from 'commander';
import { showBytes } from '../amounts.ts';
import { readCount, readPath } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { filePages } from '../pages.ts';
import { fileRowJson } from '../row-json.ts';
import { safeText } from '../safe-text.ts';
import { padLeft, padRight } from '../text-width.ts';

interface ListOptions {
  limit?: string;
  prefix?: string;
}

/** `codi files ls [root]` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText('after', '\nExample:\n  codi files ls --json');
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
