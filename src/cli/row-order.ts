import { readChoice, readCount } from './argument-values.ts';
import type { Invocation } from './invocation.ts';

/** How many rows of a listing are asked for, and in which order they come. */
export interface RowOrder {
  limit: number | undefined;
  order: 'newest' | 'oldest';
  /** The newest rows were asked for, but people read from old to new. */
  isReversed: boolean;
  /** The limit is ours, for a terminal: say so when it cuts something off. */
  isOwnLimit: boolean;
}

export const TERMINAL_LIMIT = 200;

/** A limit without an order means the newest rows, shown from old to new. */
export function readRowOrder(
  options: { limit?: string; order?: string },
  invocation: Invocation,
): RowOrder {
  const order =
    options.order === undefined
      ? undefined
      : readChoice(options.order, ['newest', 'oldest'], 'an order');
  const isTerminal = invocation.io.stdout.isTTY === true && !invocation.globals.json;
  const isOwnLimit = options.limit === undefined && isTerminal;
  const limit =
    options.limit === undefined
      ? isTerminal
        ? TERMINAL_LIMIT
        : undefined
      : readCount(options.limit, 'limit');
  const isReversed = order === undefined && limit !== undefined;
  return { limit, order: isReversed ? 'newest' : (order ?? 'oldest'), isReversed, isOwnLimit };
}
