import type { Command } from 'commander';
import { plural, showCount } from '../amounts.ts';
import { gather, readPath } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { listGaps, type GapOptions } from '../watch-gaps.ts';
import { watchRowJson } from '../row-json.ts';
import { safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import type { WatchRow } from '../../protocol/messages.ts';

const SCAN_TIMEOUT_MS = 10 * 60_000;

interface AddOptions {
  pattern?: string[];
  recursive: boolean;
  poll?: boolean;
}

/** `codi watch add|ls|rm|gaps` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Watched paths are kept: the daemon watches them again after a restart.

Examples:
  codi watch add ../other --pattern '*.txt'
  codi watch ls
  codi watch rm ../other`,
  );
  const add = command.command('add').description('watch one more folder');
  add
    .argument('<path>', 'the folder')
    .option('-p, --pattern <glob>', 'record only files that match; may be repeated', gather)
    .option('--no-recursive', 'not the folders inside it')
    .option('--poll', 'look through it every monitor.poll_interval, without file watches')
    .addHelpText(
      'after',
      `\nExample:\n  codi watch add ../other --pattern '*.txt' --pattern '*.md'`,
    )
    .action((path: string, options: AddOptions) =>
      context.run(add, (invocation) => addWatch(path, options, invocation)),
    );
  const ls = command.command('ls').description('list the watched paths');
  ls.action(() => context.run(ls, listWatches));
  const gaps = command.command('gaps').description('when what is watched was in doubt, and why');
  gaps
    .option('--open', 'only what is in doubt now')
    .option('--root <path>', 'only of this watched path')
    .option('--since <time>', 'in doubt at or after this time: 5m, yesterday 14:00, RFC 3339')
    .option('-n, --limit <count>', 'at most so many, the newest (50 on a terminal, else all)')
    .addHelpText(
      'after',
      `
A gap begins when a change may be missed, and ends when all that it may have hidden is found
and recorded. docs/watching.md says what each reason means.

Examples:
  codi watch gaps --open
  codi watch gaps --since yesterday --json | jq .reason`,
    )
    .action((options: GapOptions) =>
      context.run(gaps, (invocation) => listGaps(options, invocation)),
    );
  const rm = command.command('rm').description('stop watching a path; its history stays');
  rm.argument('<path>', 'the folder').action((path: string) =>
    context.run(rm, (invocation) => removeWatch(path, invocation)),
  );
}

async function addWatch(path: string, options: AddOptions, invocation: Invocation): Promise<void> {
  const wanted = {
    path: readPath(path, invocation),
    recursive: options.recursive,
    patterns: options.pattern ?? [],
    ...(options.poll && { poll: true }),
  };
  await invocation.withClient((client) =>
    withProgress(invocation, `looking through ${safeText(wanted.path)}`, () =>
      client.request('StartMonitoring', wanted, { timeoutMs: SCAN_TIMEOUT_MS }),
    ),
  );
  const { globals, out } = invocation;
  if (globals.json) return out.json(wanted);
  if (!globals.quiet) await out.line(`watching ${safeText(wanted.path)}`);
}

async function removeWatch(path: string, invocation: Invocation): Promise<void> {
  const wanted = readPath(path, invocation);
  await invocation.withClient((client) => client.request('StopMonitoring', { path: wanted }));
  const { globals, out } = invocation;
  if (globals.json) return out.json({ path: wanted });
  if (!globals.quiet) await out.line(`no longer watching ${safeText(wanted)}; its history stays`);
}

async function listWatches(invocation: Invocation): Promise<void> {
  const { out, style, globals } = invocation;
  const { watches } = await invocation.withClient((client) => client.request('ListWatches', {}));
  if (globals.json) {
    for (const row of watches) await out.json(watchRowJson(row));
    return;
  }
  if (watches.length === 0)
    return invocation.note('nothing is watched; add a folder with `codi watch add <path>`');
  const columns = [
    { title: 'PATH' },
    { title: 'STATE' },
    { title: 'FILES', align: 'right' as const },
    { title: 'SEEN BY' },
    { title: 'PATTERNS' },
  ];
  await out.lines(tableLines(columns, watches.map(watchCells), style.dim));
  const files = watches.reduce((sum, row) => sum + row.files, 0);
  await invocation.note(style.dim(`${plural(watches.length, 'root')}, ${plural(files, 'file')}`));
}

function watchCells(row: WatchRow): string[] {
  const state = row.active ? row.state : 'stopped';
  const seenBy = row.mode === 'native' ? `native (${row.hint_source})${polledPart(row)}` : 'poll';
  const patterns = row.patterns.length === 0 ? '*' : row.patterns.join(' ');
  const depth = row.recursive ? '' : ' (not recursive)';
  const reason = row.reason ? `  ${row.reason}` : '';
  const doubts = (row.gaps ?? []).map(({ reason: why, path }) =>
    path ? `${why} in ${path}` : why,
  );
  const doubt = doubts.length > 0 ? `  in doubt: ${doubts.join(', ')}` : '';
  return [
    safeText(row.path),
    safeText(state),
    showCount(row.files),
    seenBy,
    safeText(patterns + depth + reason + doubt),
  ];
}

/** `, 1,204 folders polled`: those that no watch was left for. */
function polledPart({ polled_directories: count }: WatchRow): string {
  return count ? `, ${plural(count, 'folder')} polled` : '';
}
