import type { Command } from 'commander';
import { actorLines } from '../actor-lines.ts';
import { withActor } from '../actor-paths.ts';
import type { CliContext } from '../context.ts';
import { streamDebug } from '../debug-stream.ts';
import { noteStaleness } from '../freshness.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { readStreamBounds } from '../stream-bounds.ts';
import { streamEndText } from '../trace-lines.ts';

interface InspectOptions {
  stately?: boolean;
  limit: string;
  for: string;
}

const SHOWN_ROWS = 16;

/** `codi inspect <path>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .option('--stately', 'stream the messages of the Stately inspector, a line of JSON each')
    .option('-n, --limit <count>', 'with --stately: so many messages of actors at most', '1000')
    .option('--for <duration>', 'with --stately: so long at most', '60s')
    .addHelpText(
      'after',
      `
All about one actor: state, restarts, mailbox, counters, times, links, its last messages and what it
holds. With --stately the path may be a glob, and what comes out can be fed to an inspector: an
@xstate.actor for each actor, then @xstate.event and @xstate.snapshot for each of their messages.

Examples:
  codi inspect core/storage/ledger-writer
  codi inspect core/storage/ledger-writer --json | jq .stats.mailbox
  codi inspect 'core/**' --stately --for 10s > inspection.jsonl`,
    )
    .action((path: string, options: InspectOptions) =>
      context.run(command, (invocation) =>
        options.stately ? stately(path, options, invocation) : inspect(path, invocation),
      ),
    );
}

async function inspect(path: string, invocation: Invocation): Promise<void> {
  const { out, globals, style, io } = invocation;
  const actor = await invocation.withDebug((debug) =>
    withActor(debug, path, () => debug.call('inspect', { path })),
  );
  await noteStaleness(actor, invocation);
  if (globals.json) return out.json(actor);
  await out.lines(actorLines(actor, { style, nowMs: io.nowMs(), rows: SHOWN_ROWS }));
}

async function stately(
  pattern: string,
  options: InspectOptions,
  invocation: Invocation,
): Promise<void> {
  const { out } = invocation;
  let shown = 0;
  const outcome = await untilInterrupted(invocation, (signal) =>
    streamDebug(
      invocation,
      {
        verb: 'stately',
        params: { pattern, ...readStreamBounds(options) },
        onEvent: async (message) => {
          shown += 1;
          await out.json(message);
          await out.flush();
        },
      },
      signal,
    ),
  );
  await invocation.note(streamEndText(outcome, shown, 'line'));
}
