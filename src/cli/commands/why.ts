import type { Command } from 'commander';
import { withActor } from '../actor-paths.ts';
import type { CliContext } from '../context.ts';
import { noteStaleness } from '../freshness.ts';
import type { Invocation } from '../invocation.ts';
import { whyLines } from '../why-lines.ts';

/** `codi why <path>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .addHelpText(
      'after',
      `
Why an actor does not run: budget, backoff, parent, last error and message, and what to do next.

Examples:
  codi why core/storage/ledger-writer
  codi why core/storage/ledger-writer --json | jq '.causes[].text'`,
    )
    .action((path: string) => context.run(command, (invocation) => why(path, invocation)));
}

async function why(path: string, invocation: Invocation): Promise<void> {
  const { out, globals, style, io } = invocation;
  const answer = await invocation.withDebug((debug) =>
    withActor(debug, path, () => debug.call('why', { path })),
  );
  await noteStaleness(answer, invocation);
  if (globals.json) return out.json(answer);
  await out.lines(whyLines(answer, { style, nowMs: io.nowMs() }));
}
