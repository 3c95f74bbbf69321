import type { Command } from 'commander';
import { withActor } from '../actor-paths.ts';
import { readDurationMs } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';

interface SuspendOptions {
  ttl: string;
  reason?: string;
}

/** `codi suspend <path>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .option('--ttl <duration>', 'after this time it goes on by itself', '60s')
    .option('--reason <text>', 'why, for the record')
    .addHelpText(
      'after',
      `
Messages wait in its mailbox, whose limits still hold; it can still be inspected, killed and
stopped. Needs a daemon that takes changes: \`codi up\`, or debug.write.

Examples:
  codi suspend watching/exports
  codi suspend watching/exports --ttl 5m --reason "looking at the queue"
  codi resume watching/exports`,
    )
    .action((path: string, options: SuspendOptions) =>
      context.run(command, (invocation) => suspend(path, options, invocation)),
    );
}

async function suspend(
  path: string,
  options: SuspendOptions,
  invocation: Invocation,
): Promise<void> {
  const { out, globals, io } = invocation;
  const ttlMs = readDurationMs(options.ttl);
  const { reason } = options;
  const answer = await invocation.withDebug((debug) =>
    withActor(debug, path, () =>
      debug.call('suspend', { path, ttl_ms: ttlMs, ...(reason !== undefined && { reason }) }),
    ),
  );
  if (globals.json) return out.json(answer);
  const until = showClock(answer.until, io.nowMs());
  const shown = safeText(answer.path);
  await out.line(`suspended ${shown} until ${until}; go on before with \`codi resume ${shown}\``);
}
