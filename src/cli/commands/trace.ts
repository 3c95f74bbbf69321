import type { Command } from 'commander';
import { readChoice } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import { streamDebug } from '../debug-stream.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { readStreamBounds } from '../stream-bounds.ts';
import { streamEndText, traceLine } from '../trace-lines.ts';

interface TraceOptions {
  limit: string;
  for: string;
  type?: string;
  direction?: string;
}

const DIRECTIONS = { in: 'handled', out: 'sent' } as const;

/** `codi trace <glob>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<glob>', 'paths of actors; ** stands for any depth')
    .option('-n, --limit <count>', 'so many messages at most', '100')
    .option('--for <duration>', 'so long at most', '30s')
    .option('--type <glob>', 'only messages of this type')
    .option('--direction <direction>', 'in: only what is handled; out: only what is sent')
    .addHelpText(
      'after',
      `
Types and times of messages, never what is in them. A trace always ends by itself, and the daemon
leaves messages out, and says how many, rather than wait for its reader.

Examples:
  codi trace 'core/**' --limit 20 --for 10s
  codi trace 'serving/connections/*' --type 'frame*' --direction in
  codi trace core/bus --json | jq -r .type | sort | uniq -c`,
    )
    .action((glob: string, options: TraceOptions) =>
      context.run(command, (invocation) => trace(glob, options, invocation)),
    );
}

async function trace(glob: string, options: TraceOptions, invocation: Invocation): Promise<void> {
  const { out, globals, style } = invocation;
  const { type, direction } = options;
  const params = {
    pattern: glob,
    ...readStreamBounds(options),
    ...(type !== undefined && { type }),
    ...(direction !== undefined && {
      direction: DIRECTIONS[readChoice(direction, ['in', 'out'], 'a direction')],
    }),
  };
  let shown = 0;
  const outcome = await untilInterrupted(invocation, (signal) =>
    streamDebug(
      invocation,
      {
        verb: 'trace',
        params,
        onEvent: async ({ events }) => {
          shown += events.length;
          for (const event of events) {
            if (globals.json) await out.json(event);
            else await out.line(traceLine(event, style));
          }
          await out.flush();
        },
      },
      signal,
    ),
  );
  await invocation.note(streamEndText(outcome, shown));
}
