import type { Command } from 'commander';
import type { MonitorClient } from '../../client/monitor-client.ts';
import type { EventRow, LogRow } from '../../protocol/messages.ts';
import { parseRfc3339 } from '../../protocol/timestamp.ts';
import { readCount } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import { followRows } from '../follow-rows.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { createLayout, FileSizes } from '../layout.ts';
import { collect, eventPages, logPages } from '../pages.ts';
import { eventRowJson, logRowJson } from '../row-json.ts';
import { eventLine, logLine } from '../row-lines.ts';

interface TailOptions {
  follow?: boolean;
  lines: string;
}

type AnyRow = { stream: 'logs'; row: LogRow } | { stream: 'events'; row: EventRow };

/** `codi tail [-f] [-n 20]` */
export function define(command: Command, context: CliContext): void {
  command
    .option('-f, --follow', 'go on with what comes; continues when the daemon restarts')
    .option('-n, --lines <count>', 'so many to begin with', '20')
    .addHelpText(
      'after',
      `
Log entries and file events, together, by time.

Examples:
  codi tail
  codi tail -f
  codi tail -f -n 0 --json`,
    )
    .action((options: TailOptions) =>
      context.run(command, (invocation) => tail(options, invocation)),
    );
}

async function tail(options: TailOptions, invocation: Invocation): Promise<void> {
  const count = readCount(options.lines, 'number of lines', 0);
  const print = printerOf(invocation);
  await invocation.withClient(async (client) => {
    const { rows, from } = await newestRows(client, count);
    for (const row of rows) await print(row);
    await invocation.out.flush();
    if (!options.follow) return;
    await untilInterrupted(invocation, (signal) =>
      followRows(
        client,
        { streams: ['logs', 'events'], from },
        {
          onRows: async (followed) => {
            if (followed.stream === 'logs') {
              for (const row of followed.rows) await print({ stream: 'logs', row });
            } else {
              for (const row of followed.rows) await print({ stream: 'events', row });
            }
            await invocation.out.flush();
          },
          onGap: (isBack) =>
            invocation.note(isBack ? 'the daemon is back' : 'the daemon went away; waiting for it'),
        },
        signal,
      ),
    );
  });
}

/** The newest rows of both streams in order of time, and where both end. */
async function newestRows(client: MonitorClient, count: number) {
  // One of each at least: their ids are where following begins.
  const order = { order: 'newest' as const, limit: Math.max(1, count) };
  const [logs, events] = await Promise.all([
    collect(logPages(client, {}, order)),
    collect(eventPages(client, {}, order)),
  ]);
  const all: AnyRow[] = [
    ...logs.map((row) => ({ stream: 'logs' as const, row })),
    ...events.map((row) => ({ stream: 'events' as const, row })),
  ];
  const rows = all.toReversed().toSorted(byTime);
  return {
    rows: count === 0 ? [] : rows.slice(-count),
    from: { logs: logs[0]?.id ?? 0, events: events[0]?.seq ?? 0 },
  };
}

function byTime(a: AnyRow, b: AnyRow): number {
  const [left, right] = [instantOf(a), instantOf(b)];
  return left.seconds - right.seconds || left.nanos - right.nanos;
}

function instantOf(any: AnyRow) {
  const text = any.stream === 'logs' ? any.row.timestamp : any.row.time;
  return parseRfc3339(text) ?? { seconds: 0, nanos: 0 };
}

function printerOf(invocation: Invocation): (any: AnyRow) => Promise<void> {
  const { out, globals } = invocation;
  if (globals.json) {
    return (any) => out.json(any.stream === 'logs' ? logRowJson(any.row) : eventRowJson(any.row));
  }
  const sizes = new FileSizes();
  const layout = createLayout(invocation, sizes);
  return async (any) => {
    if (any.stream === 'logs') return out.line(logLine(any.row, layout));
    await out.line(eventLine(any.row, layout));
    sizes.learn(any.row);
  };
}
