import type { Command } from 'commander';
import { readDurationMs } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { leakGrowth } from '../leak-growth.ts';
import { growthLines, leakLines } from '../leak-lines.ts';
import { withProgress } from '../progress.ts';

interface LeaksOptions {
  for?: string;
}

/** `codi leaks [path]` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('[path]', 'only what this actor and those below it hold')
    .option('--for <duration>', 'look twice, so far apart, and show what grew')
    .addHelpText(
      'after',
      `
What actors say they hold beside what the process really holds. Orphans belong to no actor that
lives: something forgot to clean up.

Examples:
  codi leaks
  codi leaks --for 10s
  codi leaks serving --json`,
    )
    .action((path: string | undefined, options: LeaksOptions) =>
      context.run(command, (invocation) => leaks(path, options, invocation)),
    );
}

async function leaks(
  path: string | undefined,
  options: LeaksOptions,
  invocation: Invocation,
): Promise<void> {
  const { out, globals, style } = invocation;
  const forMs = options.for === undefined ? undefined : readDurationMs(options.for);
  const ask = () =>
    invocation.withDebug((debug) => debug.call('leaks', path === undefined ? {} : { path }));
  const before = await ask();
  if (forMs === undefined) {
    if (globals.json) return out.json(before);
    return out.lines(leakLines(before, style));
  }
  await withProgress(invocation, 'waiting to look again', () => pause(forMs, invocation));
  const growth = leakGrowth(before, await ask());
  if (globals.json) return out.json({ for_ms: forMs, ...growth });
  if (growth.resources.length + growth.handles.length + growth.descriptors.length === 0) {
    return invocation.note('nothing grew');
  }
  await out.lines(growthLines(growth, style));
}

/** Ctrl-C only shortens it. */
function pause(durationMs: number, invocation: Invocation): Promise<void> {
  return untilInterrupted(
    invocation,
    (signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, durationMs);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  );
}
