import type { Command } from 'commander';
import { withActor } from '../actor-paths.ts';
import type { CliContext } from '../context.ts';
import { noteStaleness } from '../freshness.ts';
import { headerLines } from '../header-lines.ts';
import type { Invocation } from '../invocation.ts';

/** `codi recent <path>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .addHelpText(
      'after',
      `
The flight recorder is always on: types and times of the last messages, over restarts, never what
was in them.

Examples:
  codi recent core/storage/ledger-writer
  codi recent core/storage/ledger-writer --json | jq 'select(.outcome == "crashed")'`,
    )
    .action((path: string) => context.run(command, (invocation) => recent(path, invocation)));
}

async function recent(path: string, invocation: Invocation): Promise<void> {
  const { out, globals, style } = invocation;
  const answer = await invocation.withDebug((debug) =>
    withActor(debug, path, () => debug.call('recent', { path })),
  );
  await noteStaleness(answer, invocation);
  if (globals.json) {
    for (const header of answer.headers) await out.json(header);
    return;
  }
  if (answer.headers.length === 0) return invocation.note('no message yet');
  await out.lines(headerLines(answer.headers, style));
}
