import type { Command } from 'commander';
import { addEndOptions, endActor, endedJson } from '../actor-end.ts';
import type { EndOptions } from '../actor-end.ts';
import { showShortDuration } from '../amounts.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';

/** `codi restart <path>` */
export function define(command: Command, context: CliContext): void {
  addEndOptions(command)
    .addHelpText(
      'after',
      `
Ends the actor in order and starts it again. One that is parked or stopped is started. Needs a
daemon that takes changes: \`codi up\`, or debug.write.

Examples:
  codi restart watching/exports
  codi restart watching/exports --reason "reads its folder again"`,
    )
    .action((path: string, options: EndOptions) =>
      context.run(command, (invocation) => restart(path, options, invocation)),
    );
}

async function restart(path: string, options: EndOptions, invocation: Invocation): Promise<void> {
  const { out, globals } = invocation;
  const ended = await endActor('restart', path, options, invocation);
  if (globals.json) return out.json(endedJson(ended));
  const { epoch, newEpoch = epoch, durationMs } = ended;
  const duration = showShortDuration(durationMs);
  await out.line(
    `restarted ${safeText(ended.path)}: epoch ${epoch}, now ${newEpoch}, in ${duration}`,
  );
}
