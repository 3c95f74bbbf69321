import type { FileEventRecord } from './file-event.ts';

/** A file that was created and one that was deleted in one batch are one that moved; by their places in the batch. */
export interface ContentMove {
  created: number;
  gone: number;
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
