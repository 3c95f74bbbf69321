import type { Command } from 'commander';
import { withActor } from '../actor-paths.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { machineLines } from '../machine-lines.ts';

interface PeekOptions {
  definition?: boolean;
}

/** `codi peek <path>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .option('--definition', 'also the definition of the machine, as XState has it')
    .addHelpText(
      'after',
      `
Its states, the present one marked; what it accepts now; its context as far as it may be shown.
An actor that is busy answers that it is, and with what.

Examples:
  codi peek core/storage/ledger-writer
  codi peek core/storage/ledger-writer --definition --json | jq .definition.states`,
    )
    .action((path: string, options: PeekOptions) =>
      context.run(command, (invocation) => peek(path, options, invocation)),
    );
}

async function peek(path: string, options: PeekOptions, invocation: Invocation): Promise<void> {
  const { out, globals, style } = invocation;
  const definition = options.definition === true;
  const machine = await invocation.withDebug((debug) =>
    withActor(debug, path, () => debug.call('peek', { path, ...(definition && { definition }) })),
  );
  if (globals.json) return out.json(machine);
  await out.lines(machineLines(machine, style));
}
