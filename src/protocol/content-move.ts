import type { FileEventRecord } from './file-event.ts';

/** A file that was created and one that was deleted in one batch are one that moved; by their places in the batch. */
export interface ContentMove {
  created: number;
  gone: number;
}

/** What the ledger, which knows contents, records otherwise than it was told. */
export interface Retold {
  readonly moves: readonly ContentMove[];
  /** Of the batch with its moves, the places of those `attrib` that are an `update`. */
  readonly updates: readonly number[];
}

/** The batch as it is recorded: a move takes the place of the create; the delete is left out. */
export function withContentMoves(
  events: readonly FileEventRecord[],
  moves: readonly ContentMove[],
): readonly FileEventRecord[] {
  if (moves.length === 0) return events;
  const gone = new Set(moves.map((move) => move.gone));
  const from = new Map(moves.map((move) => [move.created, events[move.gone]!.path]));
  return events.flatMap((record, index) => {
    if (gone.has(index)) return [];
    const old = from.get(index);
    return [old === undefined ? record : { ...record, event: 'move' as const, from: old }];
  });
}

/** The batch as it was recorded in the end. */
export function asRetold(
  events: readonly FileEventRecord[],
  { moves, updates }: Retold,
): readonly FileEventRecord[] {
  const stored = withContentMoves(events, moves);
  if (updates.length === 0) return stored;
  const places = new Set(updates);
  return stored.map((record, at) => (places.has(at) ? { ...record, event: 'update' } : record));
}
