import type { Command } from 'commander';
import { addEndOptions, endActor, endedJson } from '../actor-end.ts';
import type { EndOptions } from '../actor-end.ts';
import { showShortDuration } from '../amounts.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';

/** `codi stop <path>` */
export function define(command: Command, context: CliContext): void {
  addEndOptions(command)
    .addHelpText(
      'after',
      `
Stops one actor inside the daemon, which stays stopped until \`codi restart\`. The daemon itself stops
with \`codi daemon stop\`. Needs a daemon that takes changes: \`codi up\`, or debug.write.

Examples:
  codi stop watching/exports --reason "no captures during the import"
  codi restart watching/exports`,
    )
    .action((path: string, options: EndOptions) =>
      context.run(command, (invocation) => stop(path, options, invocation)),
    );
}

async function stop(path: string, options: EndOptions, invocation: Invocation): Promise<void> {
  const { out, globals } = invocation;
  const ended = await endActor('stop', path, options, invocation);
  if (globals.json) return out.json(endedJson(ended));
  const shown = safeText(ended.path);
  const duration = showShortDuration(ended.durationMs);
  await out.line(`stopped ${shown} in ${duration}; start it again with \`codi restart ${shown}\``);
}
