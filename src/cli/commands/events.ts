import type { Command } from 'commander';
import type { BodyOf, EventRow } from '../../protocol/messages.ts';
import { gather, readChoice, readPath, readTime } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { createLayout, FileSizes } from '../layout.ts';
import { collect, eventPages } from '../pages.ts';
import { eventRowJson } from '../row-json.ts';
import { eventLine } from '../row-lines.ts';
import { readRowOrder, TERMINAL_LIMIT } from '../row-order.ts';

const EVENTS = ['create', 'update', 'delete', 'move', 'attrib', 'access', 'transient'] as const;

interface EventsOptions {
  since?: string;
  until?: string;
  root?: string;
  path?: string;
  event?: string[];
  session?: string;
  limit?: string;
  order?: string;
}

/** `codi events` */
export function define(command: Command, context: CliContext): void {
  command
    .option('--since <time>', 'from this time on: 5m, 2h ago, yesterday 14:00, RFC 3339')
    .option('--until <time>', 'before this time')
    .option('--root <path>', 'only in this watched path')
    .option('--path <path>', 'a path inside the root, everything under it, or a glob')
    .option('-e, --event <name>', `one of ${EVENTS.join(', ')}; may be repeated`, gather)
    .option('-s, --session <id>', 'this session')
    .option('-n, --limit <count>', `at most so many (${TERMINAL_LIMIT} on a terminal, else all)`)
    .option('--order <order>', 'newest or oldest first; without it the newest, from old to new')
    .addHelpText(
      'after',
      `
Examples:
  codi events --since 5m
  codi events --path src --event delete --event move
  codi events --since "yesterday 14:00" --json | jq -r .path`,
    )
    .action((options: EventsOptions) =>
      context.run(command, (invocation) => listEvents(options, invocation)),
    );
}

async function listEvents(options: EventsOptions, invocation: Invocation): Promise<void> {
  const { out, globals } = invocation;
  const filter = readEventFilter(options, invocation);
  const order = readRowOrder(options, invocation);
  const sizes = new FileSizes();
  const layout = createLayout(invocation, sizes);
  let count = 0;
  const print = async (row: EventRow) => {
    count += 1;
    if (globals.json) return out.json(eventRowJson(row));
    await out.line(eventLine(row, layout));
    sizes.learn(row);
  };
  await invocation.withClient(async (client) => {
    const pages = eventPages(client, filter, order);
    if (order.isReversed) {
      for (const row of (await collect(pages)).toReversed()) await print(row);
    } else {
      for await (const page of pages) for (const row of page) await print(row);
    }
  });
  if (count === 0 && !globals.json) await invocation.note('no events');
  if (order.isOwnLimit && count === order.limit) {
    await invocation.note(`the newest ${TERMINAL_LIMIT}; see more with --limit`);
  }
}

function readEventFilter(
  options: EventsOptions,
  invocation: Invocation,
): BodyOf<'QueryEvents'>['filter'] {
  const since = readTime(options.since, invocation);
  const until = readTime(options.until, invocation);
  const events = options.event?.map((name) => readChoice(name, EVENTS, 'an event'));
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(options.root !== undefined && { root: readPath(options.root, invocation) }),
    ...(options.path !== undefined && { path: options.path }),
    ...(events && { events }),
    ...(options.session !== undefined && { session_id: options.session }),
  };
}
