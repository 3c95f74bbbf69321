import type { Command } from 'commander';
import type { BodyOf } from '../../protocol/messages.ts';
import { gather, readChoice, readPath, readTime } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { checkFollow, printFollowed } from '../row-follow.ts';
import { listRows } from '../row-listing.ts';
import { noteArchive, noteListing } from '../row-notes.ts';
import { addRowOrderOptions, readRowOrder } from '../row-order.ts';
import type { RowOrderOptions } from '../row-order.ts';
import { addCsvOption, eventPrinter } from '../row-printer.ts';
import {
  addArchivedOption,
  addOfflineOption,
  eventPages,
  headsOf,
  withRowSource,
} from '../row-source.ts';

const EVENTS = ['create', 'update', 'delete', 'move', 'attrib', 'access', 'transient'] as const;

interface EventsOptions extends RowOrderOptions {
  since?: string;
  until?: string;
  root?: string;
  path?: string;
  event?: string[];
  session?: string;
  follow?: boolean;
  csv?: boolean;
  offline?: boolean;
  archived?: boolean;
  showCursor?: boolean;
}

/** `codi events` */
export function define(command: Command, context: CliContext): void {
  command
    .option('--since <time>', 'from this time on: 5m, 2h ago, yesterday 14:00, RFC 3339')
    .option('--until <time>', 'before this time')
    .option('--root <path>', 'only in this watched path')
    .option('--path <path>', 'a path inside the root, everything under it, or a glob')
    .option('-e, --event <name>', `one of ${EVENTS.join(', ')}; may be repeated`, gather)
    .option('-s, --session <id>', 'this session');
  addRowOrderOptions(command).option('-f, --follow', 'then go on with what comes');
  addOfflineOption(addArchivedOption(addCsvOption(command)))
    .addHelpText(
      'after',
      `
Examples:
  codi events --since 5m
  codi events --path src --event delete --event move
  codi events --path 'src/**/*.ts' --follow
  codi events --since "yesterday 14:00" --json | jq -r .path
  codi events --path src/cart.ts --archived`,
    )
    .action((options: EventsOptions) =>
      context.run(command, (invocation) => listEvents(options, invocation)),
    );
}

async function listEvents(options: EventsOptions, invocation: Invocation): Promise<number> {
  const filter = readEventFilter(options, invocation);
  const order = readRowOrder(options, invocation);
  const withArchive = options.archived === true;
  checkFollow(options);
  return withRowSource(invocation, options.offline === true, async (source, client) => {
    const print = await eventPrinter(invocation, options.csv === true);
    if (!options.follow || !client) {
      const listed = await listRows(eventPages(source, filter, withArchive), order, print);
      return noteListing(invocation, 'events', listed, order, options.showCursor === true);
    }
    const { events } = await headsOf(source);
    const history = eventPages(source, { ...filter, through_seq: events }, withArchive);
    const code = await noteArchive(invocation, 'events', await listRows(history, order, print));
    const plan = { streams: ['events' as const], eventFilter: filter, from: { events } };
    await printFollowed(invocation, client, plan, { events: print });
    return code;
  });
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
