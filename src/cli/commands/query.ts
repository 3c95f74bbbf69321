import type { Command } from 'commander';
import type { MonitorClient } from '../../client/monitor-client.ts';
import type { LogRow } from '../../protocol/messages.ts';
import type { CliContext } from '../context.ts';
import { followRows, headOf } from '../follow-rows.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { createLayout, FileSizes } from '../layout.ts';
import { addLogFilterOptions, readLogFilter } from '../log-filter.ts';
import type { LogFilterOptions } from '../log-filter.ts';
import { collect, logPages } from '../pages.ts';
import { logRowJson } from '../row-json.ts';
import { logLine } from '../row-lines.ts';
import { readRowOrder, TERMINAL_LIMIT } from '../row-order.ts';
import { usageError } from '../usage-error.ts';

interface QueryOptions extends LogFilterOptions {
  limit?: string;
  order?: string;
  follow?: boolean;
}

/** `codi query` */
export function define(command: Command, context: CliContext): void {
  addLogFilterOptions(command)
    .option('-n, --limit <count>', `at most so many (${TERMINAL_LIMIT} on a terminal, else all)`)
    .option('--order <order>', 'newest or oldest first; without it the newest, from old to new')
    .option('-f, --follow', 'then go on with what comes')
    .addHelpText(
      'after',
      `
Examples:
  codi query --level warn --text deploy --json
  codi query --since 5m --component release
  codi query --meta user=42 --since "yesterday 14:00" --limit 20
  codi query --session alice-3f9c21ab --follow`,
    )
    .action((options: QueryOptions) =>
      context.run(command, (invocation) => query(options, invocation)),
    );
}

async function query(options: QueryOptions, invocation: Invocation): Promise<void> {
  const filter = readLogFilter(options, invocation);
  const order = readRowOrder(options, invocation);
  if (options.follow && (options.order === 'newest' || options.until !== undefined)) {
    throw usageError('--follow goes on into the future: leave out --until and --order newest');
  }
  const print = printerOf(invocation);
  await invocation.withClient(async (client) => {
    const head = options.follow ? await headOf(client) : undefined;
    const shown = await printStored(client, filter, order, print);
    if (head) {
      const from = { logs: Math.max(head.logs, shown.lastId) };
      await invocation.out.flush();
      await untilInterrupted(invocation, (signal) =>
        followRows(
          client,
          { streams: ['logs'], logFilter: filter, from },
          {
            onRows: async (rows) => {
              if (rows.stream === 'logs') for (const row of rows.rows) await print(row);
              await invocation.out.flush();
            },
          },
          signal,
        ),
      );
    } else if (shown.count === 0 && !invocation.globals.json) {
      await invocation.note('no entries');
    } else if (order.isOwnLimit && shown.count === order.limit) {
      await invocation.note(`the newest ${TERMINAL_LIMIT}; see more with --limit`);
    }
  });
}

async function printStored(
  client: MonitorClient,
  filter: ReturnType<typeof readLogFilter>,
  order: ReturnType<typeof readRowOrder>,
  print: (row: LogRow) => Promise<void>,
): Promise<{ count: number; lastId: number }> {
  const pages = logPages(client, filter, order);
  let count = 0;
  let lastId = 0;
  const show = async (row: LogRow) => {
    await print(row);
    count += 1;
    lastId = Math.max(lastId, row.id);
  };
  if (order.isReversed) {
    for (const row of (await collect(pages)).toReversed()) await show(row);
  } else {
    for await (const page of pages) for (const row of page) await show(row);
  }
  return { count, lastId };
}

function printerOf(invocation: Invocation): (row: LogRow) => Promise<void> {
  const { out, globals } = invocation;
  if (globals.json) return (row) => out.json(logRowJson(row));
  const layout = createLayout(invocation, new FileSizes());
  return (row) => out.line(logLine(row, layout));
}
