import type { TimeKey } from '../time-key.ts';
import type { PiledLog } from './log-pile.ts';
import type { QueueMark } from './member-queue.ts';

/** As many as a cursor has room for. */
const CARRIED_MAX = 48;
const NUMBERS_BEFORE = 8;
const NUMBERS_EACH = 5;

/**
 * What a page that ran out of time has found so far, in its cursor: parts of segments whose times overlap must all be
 * looked at before the first of their entries can be given out.
 */
export interface Gathering {
  /** Count of segments: with another one the gathering begins anew. */
  segments: number;
  /** The last part that was looked at. */
  mark: QueueMark;
  /** Entries behind it are left for later. */
  end: TimeKey | undefined;
  logs: PiledLog[];
}

export const GATHERED_MAX = CARRIED_MAX;

export function encodeGathering({ segments, mark, end, logs }: Gathering): string {
  const numbers = [segments, ...mark, end ? 1 : 0, ...(end ?? [0, 0, 0])];
  for (const { key, place } of logs) numbers.push(...key, ...place);
  return numbers.join(',');
}

/** Undefined for a text that is none. */
export function decodeGathering(text: string): Gathering | undefined {
  const numbers = text.split(',').map(Number);
  const carried = (numbers.length - NUMBERS_BEFORE) / NUMBERS_EACH;
  const isWhole = Number.isInteger(carried) && carried >= 0 && carried <= CARRIED_MAX;
  if (!isWhole || !numbers.every(Number.isSafeInteger)) return undefined;
  const [segments, edge, segment, at, hasEnd, ...rest] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const logs = Array.from({ length: carried }, (_, index): PiledLog => {
    const from = NUMBERS_BEFORE + index * NUMBERS_EACH;
    const [seconds, nanos, id, ...place] = numbers.slice(from, from + NUMBERS_EACH) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { key: [seconds, nanos, id], place };
  });
  const end = hasEnd ? ([rest[0], rest[1], rest[2]] as TimeKey) : undefined;
  return { segments, mark: [edge, segment, at], end, logs };
}
