import type { Command } from 'commander';
import type { BodyOf } from '../../protocol/messages.ts';
import { gather, readChoice, readCount, readPath, readTime } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { checkFollow, printFollowed } from '../row-follow.ts';
import { listRows } from '../row-listing.ts';
import { noteArchive, noteListing, noteSince } from '../row-notes.ts';
import { addRowOrderOptions, readRowOrder } from '../row-order.ts';
import type { RowOrder, RowOrderOptions } from '../row-order.ts';
import { addCsvOption, eventPrinter } from '../row-printer.ts';
import {
  addArchivedOption,
  addOfflineOption,
  eventPages,
  headsOf,
  withRowSource,
} from '../row-source.ts';
import { usageError } from '../usage-error.ts';

type EventFilter = BodyOf<'QueryEvents'>['filter'];

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
    .option(
      '--since <time|seq>',
      'from this time on: 5m, yesterday 14:00, RFC 3339; or after this event',
    )
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
  codi events --path src/cart.ts --archived
  codi events --since 1204 --show-cursor

A whole number after --since is the number (seq) of an event: what comes after it is listed, oldest first.
Where retention has taken part of that, a line on stderr says so, and the exit code is 6.`,
    )
    .action((options: EventsOptions) =>
      context.run(command, (invocation) => listEvents(options, invocation)),
    );
}

async function listEvents(options: EventsOptions, invocation: Invocation): Promise<number> {
  const filter = readEventFilter(options, invocation);
  const after = filter.after_seq ?? undefined;
  const order =
    after === undefined ? readRowOrder(options, invocation) : seqOrder(options, invocation);
  const withArchive = options.archived === true;
  checkFollow(options);
  return withRowSource(invocation, options.offline === true, async (source, client) => {
    const print = await eventPrinter(invocation, options.csv === true);
    if (!options.follow || !client) {
      let last: number | undefined;
      const listed = await listRows(eventPages(source, filter, withArchive), order, (row) => {
        last = row.seq;
        return print(row);
      });
      if (after !== undefined) return noteSince(invocation, { ...listed, last }, after, options);
      return noteListing(invocation, 'events', listed, order, options.showCursor === true);
    }
    const { events } = await headsOf(source);
    const history = eventPages(source, { ...filter, through_seq: events }, withArchive);
    const listed = await listRows(history, order, print);
    const code =
      after === undefined
        ? await noteArchive(invocation, 'events', listed)
        : await noteSince(invocation, listed, after, {});
    const { after_seq: _, ...eventFilter } = filter;
    const plan = { streams: ['events' as const], eventFilter, from: { events } };
    await printFollowed(invocation, client, plan, { events: print });
    return code;
  });
}

const SEQUENCE = /^\d+$/;

/** What comes after a number comes in order. */
function seqOrder(options: EventsOptions, invocation: Invocation): RowOrder {
  if (options.order === 'newest') throw usageError('events after a number come oldest first');
  const { limit, cursor, isOwnLimit } = readRowOrder(options, invocation);
  return { limit, order: 'oldest', cursor, isReversed: false, isOwnLimit };
}

function readEventFilter(options: EventsOptions, invocation: Invocation): EventFilter {
  const isSeq = options.since !== undefined && SEQUENCE.test(options.since);
  const since = isSeq ? undefined : readTime(options.since, invocation);
  const until = readTime(options.until, invocation);
  const events = options.event?.map((name) => readChoice(name, EVENTS, 'an event'));
  return {
    ...(since !== undefined && { since }),
    ...(isSeq && { after_seq: readCount(options.since!, 'sequence number', 0) }),
    ...(until !== undefined && { until }),
    ...(options.root !== undefined && { root: readPath(options.root, invocation) }),
    ...(options.path !== undefined && { path: options.path }),
    ...(events && { events }),
    ...(options.session !== undefined && { session_id: options.session }),
  };
}
