import type { Command } from 'commander';
import { readChoice, readCount, readDurationMs } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { hasScreen, runScreen } from '../screens/run-screen.ts';
import { WINDOW_MAX_MS } from '../top/frame-window.ts';
import { TOP_KEYS } from '../top/top-help.ts';
import { printOnce, streamFrames } from '../top/top-print.ts';
import { SORT_KEYS } from '../top/top-rows.ts';
import { TopSession } from '../top/top-session.ts';
import type { TopSessionOptions } from '../top/top-session.ts';
import { usageError } from '../usage-error.ts';

interface TopOptions {
  sort: string;
  window?: string;
  interval: string;
  total?: boolean;
  filter?: string;
  limit?: string;
  once?: boolean;
}

const WINDOW_MS = 5_000;
/** Somebody waits for the table. */
const ONCE_WINDOW_MS = 1_000;
const INTERVAL_MIN_MS = 1_000;

/** `codi top` */
export function define(command: Command, context: CliContext): void {
  const keys = TOP_KEYS.map(([key, meaning]) => `  ${key.padEnd(24)}${meaning}`).join('\n');
  command
    .option('--sort <key>', `by ${SORT_KEYS.join(', ')}`, 'busy')
    .option('--window <duration>', 'rates of the last so long, at most 1m (5s)')
    .option('--interval <duration>', 'a frame so often, at least 1s', '1s')
    .option('--total', 'counts since the start instead of rates')
    .option('--filter <text>', 'only actors whose path contains it')
    .option('-n, --limit <count>', 'at most so many actors; the daemon picks the busiest (200)')
    .option('--once', 'print one plain table, as on a pipe')
    .addHelpText(
      'after',
      `
The busiest actors, live: messages per second, time spent in them, what waits, restarts, memory of
their threads. On a pipe one plain table; with --json a frame per line, whose counters are totals.

Keys:
${keys}

Examples:
  codi top
  codi top --sort mailbox --window 10s
  codi top --once --limit 10
  codi top --json | jq -c '[.at, .process.rss_bytes]'`,
    )
    .action((options: TopOptions) =>
      context.run(command, (invocation) => top(options, invocation)),
    );
}

async function top(options: TopOptions, invocation: Invocation): Promise<void> {
  const { globals } = invocation;
  const isOnScreen = options.once !== true && !globals.json && hasScreen(invocation);
  const choices = readChoices(options, isOnScreen ? WINDOW_MS : ONCE_WINDOW_MS);
  await untilInterrupted(invocation, (signal) => {
    if (isOnScreen) return showScreen(choices, invocation, signal);
    if (!globals.json) return printOnce(choices, invocation, signal);
    return streamFrames(choices, options.once === true, invocation, signal);
  });
}

function readChoices(options: TopOptions, windowMs: number): TopSessionOptions {
  const intervalMs = readDurationMs(options.interval);
  if (intervalMs < INTERVAL_MIN_MS) throw usageError('--interval is at least 1s');
  const window = options.window === undefined ? windowMs : readDurationMs(options.window);
  if (window > WINDOW_MAX_MS) throw usageError('--window is at most 1m');
  return {
    sort: readChoice(options.sort, SORT_KEYS, 'something to sort by'),
    ranking: options.total ? 'total' : 'window',
    windowMs: Math.max(window, intervalMs),
    intervalMs,
    filter: options.filter ?? '',
    limit: options.limit === undefined ? undefined : readCount(options.limit, 'limit'),
  };
}

async function showScreen(
  choices: TopSessionOptions,
  invocation: Invocation,
  signal: AbortSignal,
): Promise<void> {
  const { io, style } = invocation;
  const session = new TopSession(invocation, choices);
  await runScreen(invocation, {
    instead: 'codi top --once',
    load: async () => {
      const { topView } = await import('../screens/top-app.tsx');
      return topView({ session, style, nowMs: () => io.nowMs() });
    },
    work: (over) => session.run(AbortSignal.any([signal, over])),
  });
}
