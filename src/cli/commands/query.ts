import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addLogFilterOptions } from '../log-filter.ts';
import { queryLogs, type QueryOptions } from '../query-logs.ts';
import { addRowOrderOptions } from '../row-order.ts';
import { addCsvOption } from '../row-printer.ts';
import { addArchivedOption, addOfflineOption } from '../row-source.ts';

/** `codi query` */
export function define(command: Command, context: CliContext): void {
  addRowOrderOptions(addLogFilterOptions(command))
    .option('-f, --follow', 'then go on with what comes')
    .option('--count [how]', 'only how many: exact, or estimate without looking at them all');
  addOfflineOption(addArchivedOption(addCsvOption(command)))
    .addHelpText(
      'after',
      `
Examples:
  codi query --level warn --text deploy --json
  codi query --since 5m --component 'release*'
  codi query --meta user=42 --since "yesterday 14:00" --limit 20
  codi query --session alice-3f9c21ab --follow
  codi query --only-level error --since 7d --count
  codi query --since 1d --csv > today.csv
  codi query --level error --since 2026-01-01 --archived`,
    )
    .action((options: QueryOptions) =>
      context.run(command, (invocation) => queryLogs(options, invocation)),
    );
}
