import type { Command } from 'commander';
import type { DebugClient } from '../../client/debug-client.ts';
import type { DeadLettersView } from '../../protocol/debug/report-views.ts';
import { plural, showBytes, showCount } from '../amounts.ts';
import { readCount } from '../argument-values.ts';
import { showClock } from '../clock-text.ts';
import type { CliContext } from '../context.ts';
import { noteStaleness } from '../freshness.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { usageError } from '../usage-error.ts';

interface DeadLettersOptions {
  limit?: string;
  to?: string;
  replay?: string[] | true;
  all?: boolean;
  reason?: string;
}

const SHOWN = 50;

/** `codi deadletters` */
export function define(command: Command, context: CliContext): void {
  command
    .option('-n, --limit <count>', `at most so many (${SHOWN}), the newest`)
    .option('--to <path>', 'only those to this actor')
    .option('--replay [ids...]', 'send these again, or all of them with --all')
    .option('--all', 'with --replay: every letter that is kept')
    .option('--reason <text>', 'with --replay: why, for the record')
    .addHelpText(
      'after',
      `
Messages that reached nobody: their actor was stopped or unknown, its mailbox was full, or they
crashed it too often (poison). A letter can be sent again a few times only. Replaying needs a daemon
that takes changes: \`codi up\`, or debug.write.

Examples:
  codi deadletters
  codi deadletters --to core/bus --limit 10 --json
  codi deadletters --replay 41 42
  codi deadletters --replay --all --to core/bus`,
    )
    .action((options: DeadLettersOptions) =>
      context.run(command, (invocation) => {
        const ids = readIds(options);
        if (options.replay !== undefined) return replay(ids, options, invocation);
        return list(options, invocation);
      }),
    );
}

function readIds({ replay: ids, all }: DeadLettersOptions): number[] | undefined {
  if (ids === undefined && all) throw usageError('--all goes with --replay');
  if (ids === undefined) return undefined;
  if (ids === true) {
    if (all) return undefined;
    throw usageError('--replay needs ids, or --all', 'see the ids with `codi deadletters`');
  }
  if (all) throw usageError('--replay takes ids or --all, not both');
  return ids.map((id) => readCount(id, 'dead letter id', 0));
}

const toOf = ({ to }: DeadLettersOptions) => (to === undefined ? {} : { to });

async function replay(
  ids: number[] | undefined,
  options: DeadLettersOptions,
  invocation: Invocation,
): Promise<void> {
  const { out, globals } = invocation;
  const { limit, reason } = options;
  const answer = await invocation.withDebug((debug) =>
    debug.call('replay', {
      ...(ids && { ids }),
      ...toOf(options),
      ...(limit !== undefined && { limit: readCount(limit, 'limit') }),
      ...(reason !== undefined && { reason }),
    }),
  );
  if (globals.json) return out.json(answer);
  const parts = [`${plural(answer.queued, 'letter')} sent again`];
  if (answer.failed > 0) parts.push(`${showCount(answer.failed)} reached nobody again`);
  if (answer.exhausted > 0) parts.push(`${showCount(answer.exhausted)} not: sent too often before`);
  await out.line(parts.join(', '));
}

async function list(options: DeadLettersOptions, invocation: Invocation): Promise<void> {
  const { out, globals, style, io } = invocation;
  const limit = readCount(options.limit ?? String(SHOWN), 'limit');
  const ask = (debug: DebugClient) => debug.call('deadletters', { limit, ...toOf(options) });
  const answer = await invocation.withDebug(ask);
  await noteStaleness(answer, invocation);
  if (globals.json) {
    for (const letter of answer.letters) await out.json(letter);
    return;
  }
  if (answer.letters.length === 0) await invocation.note('no dead letters are kept');
  else await out.lines(letterLines(answer, io.nowMs(), style.dim));
  await invocation.note(style.dim(countsText(answer.counts)));
}

function letterLines(
  { letters }: DeadLettersView,
  nowMs: number,
  paintHeading: (text: string) => string,
): string[] {
  const columns = [
    { title: 'ID', align: 'right' as const },
    { title: 'AT' },
    { title: 'CAUSE' },
    { title: 'SIZE', align: 'right' as const },
    { title: 'SENT AGAIN', align: 'right' as const },
    { title: 'MESSAGE' },
    { title: 'TO' },
  ];
  const rows = letters.map((letter) => [
    String(letter.id),
    showClock(letter.at, nowMs),
    letter.cause,
    showBytes(letter.bytes),
    showCount(letter.replays),
    safeText(letter.type),
    safeText(letter.to),
  ]);
  return tableLines(columns, rows, paintHeading);
}

function countsText(counts: DeadLettersView['counts']): string {
  const causes = (['stopped', 'unknown', 'overflow', 'poison'] as const)
    .filter((cause) => counts[cause] > 0)
    .map((cause) => `${cause} ${showCount(counts[cause])}`);
  const kept = `${showCount(counts.kept)} kept (${showBytes(counts.kept_bytes)})`;
  const forgotten = counts.forgotten > 0 ? [`${showCount(counts.forgotten)} forgotten`] : [];
  return [kept, ...forgotten, ...causes].join(', ');
}
