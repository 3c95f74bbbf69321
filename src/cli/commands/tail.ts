import type { Command } from 'commander';
import type { EventRow, LogRow } from '../../protocol/messages.ts';
import { parseRfc3339 } from '../../protocol/timestamp.ts';
import { readCount } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { checkFollow, printFollowed } from '../row-follow.ts';
import { listRows } from '../row-listing.ts';
import type { Listed } from '../row-listing.ts';
import { eventPrinter, logPrinter } from '../row-printer.ts';
import { noteArchive } from '../row-notes.ts';
import {
  addArchivedOption,
  addOfflineOption,
  eventPages,
  headsOf,
  logPages,
  withRowSource,
} from '../row-source.ts';
import type { AskPage, RowSource } from '../row-source.ts';

interface TailOptions {
  follow?: boolean;
  lines: string;
  offline?: boolean;
  archived?: boolean;
}

type AnyRow = { stream: 'logs'; row: LogRow } | { stream: 'events'; row: EventRow };
type Heads = { logs: number; events: number };

/** `codi tail [-f] [-n 20]` */
export function define(command: Command, context: CliContext): void {
  command
    .option('-f, --follow', 'go on with what comes; continues when the daemon restarts')
    .option('-n, --lines <count>', 'so many to begin with', '20');
  addOfflineOption(addArchivedOption(command))
    .addHelpText(
      'after',
      `
Log entries and file events, together, by time. To choose among them use codi query and codi events,
which follow as well.

Examples:
  codi tail
  codi tail -f
  codi tail -f -n 0 --json`,
    )
    .action((options: TailOptions) =>
      context.run(command, (invocation) => tail(options, invocation)),
    );
}

async function tail(options: TailOptions, invocation: Invocation): Promise<number> {
  const count = readCount(options.lines, 'number of lines', 0);
  checkFollow(options);
  const print = {
    logs: await logPrinter(invocation, false),
    events: await eventPrinter(invocation, false),
  };
  return withRowSource(invocation, options.offline === true, async (source, client) => {
    // What is recorded from here on is live, whatever time it carries.
    const heads = await headsOf(source);
    const newest = await newestRows(source, count, heads, options.archived === true);
    for (const any of newest.rows) {
      if (any.stream === 'logs') await print.logs(any.row);
      else await print.events(any.row);
    }
    const code = await noteArchive(invocation, 'entries and events', newest);
    if (options.follow && client)
      await printFollowed(invocation, client, { streams: ['logs', 'events'], from: heads }, print);
    return code;
  });
}

/** The newest rows of both streams in order of time. */
async function newestRows(
  source: RowSource,
  count: number,
  heads: Heads,
  withArchive: boolean,
): Promise<Pick<Listed, 'reachesArchive' | 'damaged'> & { rows: AnyRow[] }> {
  if (count === 0) return { rows: [], reachesArchive: false, damaged: [] };
  const [logs, events] = await Promise.all([
    newestOf(logPages(source, { through_id: heads.logs }, withArchive), count),
    newestOf(eventPages(source, { through_seq: heads.events }, withArchive), count),
  ]);
  const all: AnyRow[] = [
    ...logs.rows.map((row) => ({ stream: 'logs' as const, row })),
    ...events.rows.map((row) => ({ stream: 'events' as const, row })),
  ];
  const damaged = [...logs.damaged, ...events.damaged];
  return {
    rows: all.toSorted(byTime).slice(-count),
    // With enough rows at hand nobody misses older ones.
    reachesArchive: all.length < count && (logs.reachesArchive || events.reachesArchive),
    damaged: [...new Map(damaged.map((one) => [one.file, one])).values()],
  };
}

/** From old to new. */
async function newestOf<Row>(ask: AskPage<Row>, limit: number): Promise<Listed & { rows: Row[] }> {
  const rows: Row[] = [];
  const order = {
    limit,
    order: 'newest' as const,
    cursor: undefined,
    isReversed: true,
    isOwnLimit: false,
  };
  const listed = await listRows(ask, order, async (row) => void rows.push(row));
  return { ...listed, rows };
}

function byTime(a: AnyRow, b: AnyRow): number {
  const [left, right] = [instantOf(a), instantOf(b)];
  return left.seconds - right.seconds || left.nanos - right.nanos;
}

function instantOf(any: AnyRow) {
  const text = any.stream === 'logs' ? any.row.timestamp : any.row.time;
  return parseRfc3339(text) ?? { seconds: 0, nanos: 0 };
}
