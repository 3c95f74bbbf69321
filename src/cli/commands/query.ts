import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { addLogFilterOptions, readLogFilter } from '../log-filter.ts';
import type { LogFilterOptions } from '../log-filter.ts';
import { printLogCount } from '../row-count.ts';
import { checkFollow, printFollowed } from '../row-follow.ts';
import { listRows } from '../row-listing.ts';
import { noteArchive, noteListing } from '../row-notes.ts';
import { addRowOrderOptions, readRowOrder } from '../row-order.ts';
import type { RowOrderOptions } from '../row-order.ts';
import { addCsvOption, logPrinter } from '../row-printer.ts';
import {
  addArchivedOption,
  addOfflineOption,
  headsOf,
  logPages,
  withRowSource,
} from '../row-source.ts';

interface QueryOptions extends LogFilterOptions, RowOrderOptions {
  follow?: boolean;
  count?: string | true;
  csv?: boolean;
  offline?: boolean;
  archived?: boolean;
  showCursor?: boolean;
}

/** `codi query` */
export function define(command: Command, context: CliContext): void {
  addRowOrderOptions(addLogFilterOptions(command))
    .option('-f, --follow', 'then go on with what comes')
    .option('--count [how]', 'only how many: exact, or estimate without looking at them all');
  addOfflineOption(addArchivedOption(addCsvOption(command)))
    .addHelpText(
      'after',
      `
Examples:
  codi query --level warn --text deploy --json
  codi query --since 5m --component 'release*'
  codi query --meta user=42 --since "yesterday 14:00" --limit 20
  codi query --session alice-3f9c21ab --follow
  codi query --only-level error --since 7d --count
  codi query --since 1d --csv > today.csv
  codi query --level error --since 2026-01-01 --archived`,
    )
    .action((options: QueryOptions) =>
      context.run(command, (invocation) => query(options, invocation)),
    );
}

async function query(options: QueryOptions, invocation: Invocation): Promise<number> {
  const filter = readLogFilter(options, invocation);
  const order = readRowOrder(options, invocation);
  const withArchive = options.archived === true;
  checkFollow(options);
  return withRowSource(invocation, options.offline === true, async (source, client) => {
    if (options.count !== undefined)
      return printLogCount(invocation, source, filter, options.count, withArchive);
    const print = await logPrinter(invocation, options.csv === true);
    if (!options.follow || !client) {
      const listed = await listRows(logPages(source, filter, withArchive), order, print);
      return noteListing(invocation, 'entries', listed, order, options.showCursor === true);
    }
    // History ends where live begins: at the last row there was before the first page was read.
    const { logs } = await headsOf(source);
    const history = logPages(source, { ...filter, through_id: logs }, withArchive);
    const code = await noteArchive(invocation, 'entries', await listRows(history, order, print));
    const plan = { streams: ['logs' as const], logFilter: filter, from: { logs } };
    await printFollowed(invocation, client, plan, { logs: print });
    return code;
  });
}
