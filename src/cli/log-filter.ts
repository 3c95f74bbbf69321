import type { Command } from 'commander';
import { parseJsonText } from '../protocol/json-text.ts';
import type { JsonValue } from '../protocol/json-value.ts';
import type { BodyOf } from '../protocol/messages.ts';
import { gather, readLevel, readMetadata, readTime } from './argument-values.ts';
import type { Invocation } from './invocation.ts';
import { usageError } from './usage-error.ts';

/** The flags that choose log entries. */
export interface LogFilterOptions {
  level?: string;
  onlyLevel?: string[];
  component?: string;
  session?: string;
  since?: string;
  until?: string;
  text?: string;
  fullText?: boolean;
  meta?: string[];
}

export function addLogFilterOptions(command: Command): Command {
  return command
    .option('-l, --level <level>', 'this level or worse (trace, debug, info, warn, error)')
    .option('--only-level <level>', 'this level alone; may be repeated', gather)
    .option('-c, --component <name>', 'this component; with * at its end, all that begin so')
    .option('-s, --session <id>', 'this session')
    .option('-t, --text <text>', 'the message contains this, in any case')
    .option(
      '--full-text',
      '--text are words: all of them, "a phrase", one OR another, -without, begin*',
    )
    .option(
      '-m, --meta <key=value>',
      'the metadata says this; key may be a path (request.user.id), key:=value compares as JSON; may be repeated',
      gather,
    )
    .option('--since <time>', 'from this time on: 5m, 2h ago, yesterday 14:00, RFC 3339')
    .option('--until <time>', 'before this time');
}

export function readLogFilter(
  options: LogFilterOptions,
  invocation: Invocation,
): BodyOf<'QueryLogs'>['filter'] {
  if (options.fullText && options.text === undefined)
    throw usageError('--full-text needs --text with the words');
  const since = readTime(options.since, invocation);
  const until = readTime(options.until, invocation);
  const isTyped = (pair: string) => pair.indexOf('=') > 1 && pair[pair.indexOf('=') - 1] === ':';
  const pairs = options.meta ?? [];
  const metadata = readMetadata(pairs.filter((pair) => !isTyped(pair))) as JsonValue | undefined;
  const typed = readTypedMetadata(pairs.filter(isTyped));
  return {
    ...(options.level !== undefined && { level: readLevel(options.level) }),
    ...(options.onlyLevel && { levels: [...new Set(options.onlyLevel.map(readLevel))] }),
    ...(options.component !== undefined && componentOf(options.component)),
    ...(options.session !== undefined && { session_id: options.session }),
    ...(options.text !== undefined && textOf(options.text, options.fullText === true)),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(metadata !== undefined && { metadata }),
    ...(typed !== undefined && { typed_metadata: typed }),
  };
}

function textOf(text: string, isFullText: boolean): BodyOf<'QueryLogs'>['filter'] {
  return isFullText ? { full_text: text } : { text };
}

function componentOf(text: string): BodyOf<'QueryLogs'>['filter'] {
  return text.endsWith('*') ? { component_prefix: text.slice(0, -1) } : { component: text };
}

/** `user:=42`: the value as JSON, to be compared with its type. */
function readTypedMetadata(pairs: readonly string[]): Record<string, JsonValue> | undefined {
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf(':=');
      try {
        return [pair.slice(0, at), parseJsonText(pair.slice(at + 2))];
      } catch {
        const hint = `write for example --meta 'user:=42' or --meta 'name:="ana"'`;
        throw usageError(`'${pair.slice(at + 2)}' is not JSON`, hint);
      }
    }),
  );
}
