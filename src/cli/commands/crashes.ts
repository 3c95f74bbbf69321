import type { Command } from 'commander';
import type { CrashView } from '../../protocol/debug/report-views.ts';
import { CodiError } from '../../protocol/errors.ts';
import { readCount } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import { crashReport, crashTable, shortId } from '../crash-lines.ts';
import type { Invocation } from '../invocation.ts';
import { followReports } from '../report-feed.ts';
import { usageError } from '../usage-error.ts';

interface CrashesOptions {
  show?: string;
  limit: string;
  reports?: boolean;
  follow?: boolean;
}

const SHOWN = '20';

/** `codi crashes [path]` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('[path]', 'only of this actor')
    .option('--show <id>', 'the whole report: the id, or its beginning')
    .option('-n, --limit <count>', 'at most so many, the newest', SHOWN)
    .option('--reports', 'instead: what supervisors did (starts, exits, restarts, meltdowns)')
    .option('-f, --follow', 'with --reports: go on with what comes')
    .addHelpText(
      'after',
      `
Crashes of the same kind are one row with a count. They are kept in memory: a new daemon begins
without any.

Examples:
  codi crashes
  codi crashes --show 3f09a1
  codi crashes core/storage/ledger-writer --json
  codi crashes --reports -f`,
    )
    .action((path: string | undefined, options: CrashesOptions) =>
      context.run(command, (invocation) => crashes(path, options, invocation)),
    );
}

async function crashes(
  path: string | undefined,
  options: CrashesOptions,
  invocation: Invocation,
): Promise<void> {
  const limit = readCount(options.limit, 'limit');
  const of = path === undefined ? {} : { path };
  if (options.reports) {
    return followReports({ limit, ...of }, options.follow === true, invocation);
  }
  if (options.follow) throw usageError('-f goes with --reports');
  if (options.show !== undefined) return show(options.show, of, invocation);
  const { out, globals, style, io } = invocation;
  const found = await ask({ limit, ...of }, invocation);
  if (globals.json) {
    for (const crash of found) await out.json(crash);
    return;
  }
  if (found.length === 0) return invocation.note('nothing has crashed');
  await out.lines(crashTable(found, { style, nowMs: io.nowMs() }));
  await invocation.note(style.dim(`more about one: codi crashes --show ${shortId(found[0]!)}`));
}

async function show(id: string, of: { path?: string }, invocation: Invocation): Promise<void> {
  const { out, globals, style, io } = invocation;
  const known = await ask(of, invocation);
  const fitting = known.filter((crash) => crash.fingerprint.startsWith(id));
  const [crash] = fitting;
  if (!crash) {
    const hint = known.length === 0 ? 'nothing has crashed' : 'see the ids with `codi crashes`';
    throw new CodiError('CODI_NOT_FOUND', { what: `crash ${id}` }, { hint });
  }
  if (fitting.length > 1) throw usageError(`${fitting.length} crashes begin with ${id}`);
  if (globals.json) return out.json(crash);
  await out.lines(crashReport(crash, { style, nowMs: io.nowMs() }));
}

async function ask(
  params: { limit?: number; path?: string },
  invocation: Invocation,
): Promise<CrashView[]> {
  return (await invocation.withDebug((debug) => debug.call('crashes', params))).crashes;
}
