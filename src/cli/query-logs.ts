import type { Invocation } from './invocation.ts';
import { readLogFilter } from './log-filter.ts';
import type { LogFilterOptions } from './log-filter.ts';
import { printLogCount } from './row-count.ts';
import { checkFollow, printFollowed } from './row-follow.ts';
import { listRows } from './row-listing.ts';
import { noteArchive, noteListing } from './row-notes.ts';
import { readRowOrder } from './row-order.ts';
import type { RowOrderOptions } from './row-order.ts';
import { logPrinter } from './row-printer.ts';
import { headsOf, logPages, withRowSource } from './row-source.ts';

export interface QueryOptions extends LogFilterOptions, RowOrderOptions {
  follow?: boolean;
  count?: string | true;
  csv?: boolean;
  offline?: boolean;
  archived?: boolean;
  showCursor?: boolean;
}

/** Prints the log entries that the options ask for. Returns the exit code. */
export async function queryLogs(options: QueryOptions, invocation: Invocation): Promise<number> {
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
