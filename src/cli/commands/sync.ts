import type { Command } from 'commander';
import { plural, showShortDuration } from '../amounts.ts';
import { readDurationMs, readPath } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';

const DEFAULT_TIMEOUT = '60s';
const ANSWER_GRACE_MS = 2_000;

/** `codi sync [path…]` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('[paths...]', 'files or folders to wait for (all watched roots when absent)')
    .option('-t, --timeout <duration>', 'give up after', DEFAULT_TIMEOUT)
    .addHelpText(
      'after',
      `
Returns when every change made before the call is recorded.

Examples:
  codi sync
  git clone … && codi sync shop && codi files ls shop`,
    )
    .action((paths: string[], options: { timeout: string }) =>
      context.run(command, (invocation) => sync(paths, options, invocation)),
    );
}

async function sync(paths: string[], options: { timeout: string }, invocation: Invocation) {
  const timeoutMs = readDurationMs(options.timeout);
  const wanted = paths.map((path) => readPath(path, invocation));
  const answer = await invocation.withClient((client) =>
    withProgress(invocation, 'waiting until all is recorded', () =>
      client.request(
        'Sync',
        { ...(wanted.length > 0 && { paths: wanted }), timeout_ms: timeoutMs },
        // The daemon's own timeout says more than ours would.
        { timeoutMs: timeoutMs + ANSWER_GRACE_MS },
      ),
    ),
  );
  const { roots, events, duration_ms } = answer;
  const { globals, out } = invocation;
  if (globals.json) return out.json({ roots, events, duration_ms });
  if (globals.quiet) return;
  const found = `${plural(roots, 'root')}, ${plural(events, 'event')}`;
  await out.line(`in step: ${found}, ${showShortDuration(duration_ms)}`);
}
