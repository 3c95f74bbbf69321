import type { Command } from 'commander';
import { readChoice, readCount } from './argument-values.ts';
import type { Invocation } from './invocation.ts';
import { usageError } from './usage-error.ts';

/** The flags that say how many rows, in which order, and from where on. */
export interface RowOrderOptions {
  limit?: string;
  all?: boolean;
  order?: string;
  cursor?: string;
}

/** How many rows of a listing are asked for, and in which order they come. */
export interface RowOrder {
  limit: number | undefined;
  order: 'newest' | 'oldest';
  /** Goes on behind an earlier listing. */
  cursor: string | undefined;
  /** The newest rows were asked for, but people read from old to new. */
  isReversed: boolean;
  /** The limit is ours, for a terminal: say so when it cuts something off. */
  isOwnLimit: boolean;
}

export const TERMINAL_LIMIT = 200;
/** Rows that are turned around are held in memory. */
const REVERSED_LIMIT = 100_000;

export function addRowOrderOptions(command: Command): Command {
  return command
    .option('-n, --limit <count>', `at most so many (${TERMINAL_LIMIT} on a terminal, else all)`)
    .option('--all', 'all of them, also on a terminal')
    .option('--order <order>', 'newest or oldest first; without it the newest, from old to new')
    .option('--cursor <cursor>', 'go on where an earlier listing ended (see --show-cursor)')
    .option('--show-cursor', 'say at the end how to go on');
}

/** A limit without an order means the newest rows, shown from old to new. */
export function readRowOrder(options: RowOrderOptions, invocation: Invocation): RowOrder {
  if (options.all && options.limit !== undefined)
    throw usageError('give --all or --limit, not both');
  const order =
    options.order === undefined
      ? undefined
      : readChoice(options.order, ['newest', 'oldest'], 'an order');
  const isTerminal = invocation.io.stdout.isTTY === true && !invocation.globals.json;
  const isOwnLimit = options.limit === undefined && !options.all && isTerminal;
  const ownLimit = isOwnLimit ? TERMINAL_LIMIT : undefined;
  const limit = options.limit === undefined ? ownLimit : readCount(options.limit, 'limit');
  const isReversed = order === undefined && limit !== undefined;
  if (isReversed && limit > REVERSED_LIMIT) {
    const hint = 'add --order newest or --order oldest';
    throw usageError(`more than ${REVERSED_LIMIT} rows cannot be turned around`, hint);
  }
  return {
    limit,
    order: isReversed ? 'newest' : (order ?? 'oldest'),
    cursor: options.cursor,
    isReversed,
    isOwnLimit,
  };
}
