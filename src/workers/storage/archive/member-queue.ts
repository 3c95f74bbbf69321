import { DamagedSegment, type MemberIndex } from './segment-format.ts';
import type { KeptSegment } from './archived-blocks.ts';
import type { ArchiveShelf } from './archive-shelf.ts';
import type { DamagedFiles } from './segment-spans.ts';
import type { TimeOrder } from '../walk-log-times.ts';

/** Where a part stands in the order of a queue; the same in every process. */
export type QueueMark = readonly [edgeSeconds: number, segment: number, at: number];

export interface QueuedMember {
  mark: QueueMark;
  segment: KeptSegment;
  member: MemberIndex;
}
type Queued = QueuedMember | { mark: QueueMark; segment: KeptSegment };

const WHOLE = -1;

/**
 * Parts of segments with log entries in a range of time, by where each begins in this order of time. Segments are
 * opened when it is their turn.
 */
export class MemberQueue {
  readonly #shelf: ArchiveShelf;
  readonly #order: TimeOrder;
  readonly #damaged: DamagedFiles;
  readonly #waiting: Queued[];
  readonly #after: QueueMark | undefined;

  constructor(
    shelf: ArchiveShelf,
    segments: readonly KeptSegment[],
    order: TimeOrder,
    damaged: DamagedFiles,
    after?: QueueMark,
  ) {
    this.#shelf = shelf;
    this.#order = order;
    this.#damaged = damaged;
    this.#after = after;
    this.#waiting = segments.flatMap((segment) => {
      const { n, oldestSeconds, newestSeconds } = segment;
      if (oldestSeconds === null || newestSeconds === null) return [];
      const range = [oldestSeconds, newestSeconds] as const;
      return this.#isInside(range) ? [{ mark: [this.#edge(range), n, WHOLE], segment }] : [];
    });
    this.#sort();
  }

  /** The first part that was not taken yet. */
  peek(): QueuedMember | undefined {
    for (;;) {
      const first = this.#waiting[0];
      if (!first || 'member' in first) return first;
      this.#waiting.shift();
      this.#open(first.segment);
    }
  }

  take(): void {
    this.#waiting.shift();
  }

  #open(segment: KeptSegment): void {
    try {
      for (const [at, member] of this.#shelf.members(segment).entries()) {
        const { log_seconds: range } = member;
        if (range === null || !this.#isInside(range)) continue;
        const mark = [this.#edge(range), segment.n, at] as const;
        const isTaken = this.#after && this.#compare(mark, this.#after) <= 0;
        if (!isTaken) this.#waiting.push({ mark, segment, member });
      }
      this.#sort();
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw error;
      this.#damaged.add(segment, error);
    }
  }

  #edge([oldest, newest]: readonly [number, number]): number {
    return this.#order.isNewest ? newest : oldest;
  }

  #isInside([oldest, newest]: readonly [number, number]): boolean {
    const { lower, upper } = this.#order.range;
    return newest >= lower[0] && oldest <= upper[0];
  }

  #sort(): void {
    this.#waiting.sort((left, right) => this.#compare(left.mark, right.mark));
  }

  #compare(left: QueueMark, right: QueueMark): number {
    const edges = this.#order.isNewest ? right[0] - left[0] : left[0] - right[0];
    return edges || left[1] - right[1] || left[2] - right[2];
  }
}
