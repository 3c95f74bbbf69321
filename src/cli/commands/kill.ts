import type { Command } from 'commander';
import { addEndOptions, endActor, endedJson } from '../actor-end.ts';
import type { EndOptions } from '../actor-end.ts';
import { showShortDuration } from '../amounts.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';

/** `codi kill <path>` */
export function define(command: Command, context: CliContext): void {
  addEndOptions(command)
    .addHelpText(
      'after',
      `
The daemon lives on: its supervisor brings the actor back, with a new epoch. Needs a daemon that
takes changes: \`codi up\`, or debug.write.

Examples:
  codi kill core/storage/ledger-writer
  codi kill core/bus --counted --reason "does it come back?"`,
    )
    .action((path: string, options: EndOptions) =>
      context.run(command, (invocation) => kill(path, options, invocation)),
    );
}

async function kill(path: string, options: EndOptions, invocation: Invocation): Promise<void> {
  const { out, globals } = invocation;
  const ended = await endActor('kill', path, options, invocation);
  if (globals.json) return out.json(endedJson(ended));
  const shown = `killed ${safeText(ended.path)} (epoch ${ended.epoch})`;
  if (ended.newEpoch === undefined) return out.line(`${shown}; it does not come back`);
  const duration = showShortDuration(ended.durationMs);
  await out.line(`${shown}, back as epoch ${ended.newEpoch} in ${duration}`);
}
