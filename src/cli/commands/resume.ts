import type { Command } from 'commander';
import { withActor } from '../actor-paths.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';

interface ResumeOptions {
  reason?: string;
}

/** `codi resume <path>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .option('--reason <text>', 'why, for the record')
    .addHelpText(
      'after',
      `
Ends what \`codi suspend\` began. An actor that is not suspended stays as it is.

Example:
  codi resume watching/exports`,
    )
    .action((path: string, options: ResumeOptions) =>
      context.run(command, (invocation) => resume(path, options, invocation)),
    );
}

async function resume(path: string, options: ResumeOptions, invocation: Invocation): Promise<void> {
  const { out, globals } = invocation;
  const { reason } = options;
  const answer = await invocation.withDebug((debug) =>
    withActor(debug, path, () =>
      debug.call('resume', { path, ...(reason !== undefined && { reason }) }),
    ),
  );
  if (globals.json) return out.json(answer);
  const shown = safeText(answer.path);
  await out.line(answer.was_suspended ? `${shown} goes on` : `${shown} was not suspended`);
}
