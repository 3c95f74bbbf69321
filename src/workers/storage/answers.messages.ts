import type { ConnectionAnswers, PackedAnswers } from './ledger.messages.ts';

export const NO_ANSWERS: PackedAnswers = {
  bytes: new Uint8Array(0),
  places: new Float64Array(0),
  closedBy: [],
};

/** Calls with the answers of each connection; their bytes are views. */
export function eachAnswers(
  { bytes, places, closedBy }: PackedAnswers,
  visit: (answers: ConnectionAnswers) => void,
): void {
  const ends = closedBy.length > 0 ? new Map(closedBy) : undefined;
  let start = 0;
  for (let at = 0; at + 2 < places.length; at += 3) {
    const connection = places[at]!;
    const end = start + places[at + 1]!;
    visit({
      connection,
      bytes: bytes.subarray(start, end),
      count: places[at + 2]!,
      closedBy: ends?.get(connection) ?? null,
    });
    start = end;
  }
}
