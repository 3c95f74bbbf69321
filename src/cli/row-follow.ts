import type { MonitorClient } from '../client/monitor-client.ts';
import type { EventRow, LogRow } from '../protocol/messages.ts';
import { followRows } from './follow-rows.ts';
import type { FollowPlan } from './follow-rows.ts';
import { untilInterrupted } from './interruption.ts';
import type { Invocation } from './invocation.ts';
import { usageError } from './usage-error.ts';

/** What is done with rows that come. */
export interface RowPrinters {
  logs?(row: LogRow): Promise<void>;
  events?(row: EventRow): Promise<void>;
}

/** Refuses flags that contradict going on into the future. */
export function checkFollow(options: {
  follow?: boolean;
  order?: string;
  until?: string;
  offline?: boolean;
  count?: string | true;
}): void {
  if (!options.follow) return;
  if (options.order === 'newest' || options.until !== undefined)
    throw usageError('--follow goes on into the future: leave out --until and --order newest');
  if (options.offline) throw usageError('--follow needs the daemon: leave out --offline');
  if (options.count !== undefined) throw usageError('give --follow or --count, not both');
}

/** Prints what is recorded, until the user interrupts; goes on when the daemon restarts. */
export async function printFollowed(
  invocation: Invocation,
  client: MonitorClient,
  plan: FollowPlan,
  print: RowPrinters,
): Promise<void> {
  await invocation.out.flush();
  await untilInterrupted(invocation, (signal) =>
    followRows(
      client,
      plan,
      {
        onRows: async (followed) => {
          if (followed.stream === 'logs') for (const row of followed.rows) await print.logs?.(row);
          else for (const row of followed.rows) await print.events?.(row);
          await invocation.out.flush();
        },
        onGap: (isBack) =>
          invocation.note(isBack ? 'the daemon is back' : 'the daemon went away; waiting for it'),
      },
      signal,
    ),
  );
}
