import type { Command } from 'commander';
import type { JsonValue } from '../protocol/json-value.ts';
import type { BodyOf } from '../protocol/messages.ts';
import { gather, readLevel, readMetadata, readTime } from './argument-values.ts';
import type { Invocation } from './invocation.ts';

/** The flags that choose log entries. */
export interface LogFilterOptions {
  level?: string;
  component?: string;
  session?: string;
  since?: string;
  until?: string;
  text?: string;
  meta?: string[];
}

export function addLogFilterOptions(command: Command): Command {
  return command
    .option('-l, --level <level>', 'this level (trace, debug, info, warn, error)')
    .option('-c, --component <name>', 'this component')
    .option('-s, --session <id>', 'this session')
    .option('-t, --text <text>', 'the message contains this')
    .option('-m, --meta <key=value>', 'the metadata says this; may be repeated', gather)
    .option('--since <time>', 'from this time on: 5m, 2h ago, yesterday 14:00, RFC 3339')
    .option('--until <time>', 'before this time');
}

export function readLogFilter(
  options: LogFilterOptions,
  invocation: Invocation,
): BodyOf<'QueryLogs'>['filter'] {
  const since = readTime(options.since, invocation);
  const until = readTime(options.until, invocation);
  const metadata = readMetadata(options.meta ?? []) as JsonValue | undefined;
  return {
    ...(options.level !== undefined && { level: readLevel(options.level) }),
    ...(options.component !== undefined && { component: options.component }),
    ...(options.session !== undefined && { session_id: options.session }),
    ...(options.text !== undefined && { text: options.text }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(metadata !== undefined && { metadata }),
  };
}
