import type { BytePath } from '../../protocol/byte-path.ts';
import { asRetold, type Retold } from '../../protocol/content-move.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';
import type { Found } from '../../protocol/gap.ts';

/** Says that a batch is committed: the number of its first event, and what was recorded otherwise than given. */
export type CountCommitted = (firstSeq: number | undefined, retold?: Retold) => void;

/** The changes that no hint had led to while a gap was open, and where they are in the stream of events. */
export class FoundChanges {
  isCounting = true;
  readonly #found: Found;
  #firstSeq: number | undefined;
  #lastSeq: number | undefined;

  constructor(
    before: { found: Found; firstSeq: number | undefined; lastSeq: number | undefined } = {
      found: {},
      firstSeq: undefined,
      lastSeq: undefined,
    },
  ) {
    this.#found = { ...before.found };
    this.#firstSeq = before.firstSeq;
    this.#lastSeq = before.lastSeq;
  }

  /**
   * Takes a batch on its way to the ledger, of all of the root or of what is at and below `path`. What it adds
   * counts when the answer is called.
   */
  count(
    events: readonly FileEventRecord[],
    path: BytePath | undefined,
  ): CountCommitted | undefined {
    if (!this.isCounting) return undefined;
    const part = partOf(events, path);
    if (!part) return undefined;
    return (firstSeq, retold) => {
      // Without a number it was in the ledger before, and is counted already.
      if (firstSeq === undefined) return;
      const stored = retold ? partOf(asRetold(events, retold), path) : part;
      if (stored) this.#add(stored.found, firstSeq + stored.first, firstSeq + stored.last);
    };
  }

  result(): { found: Found; first_seq?: number; last_seq?: number } {
    return {
      found: this.#found,
      ...(this.#firstSeq !== undefined && { first_seq: this.#firstSeq }),
      ...(this.#lastSeq !== undefined && { last_seq: this.#lastSeq }),
    };
  }

  #add(found: Found, firstSeq: number, lastSeq: number): void {
    for (const [event, count] of Object.entries(found) as [keyof Found, number][])
      this.#found[event] = (this.#found[event] ?? 0) + count;
    this.#firstSeq = Math.min(this.#firstSeq ?? firstSeq, firstSeq);
    this.#lastSeq = Math.max(this.#lastSeq ?? lastSeq, lastSeq);
  }
}

/** What no hint had led to, and its first and last place in the batch. */
function partOf(events: readonly FileEventRecord[], path: BytePath | undefined) {
  const found: Found = {};
  let first: number | undefined;
  let last = 0;
  events.forEach((record, index) => {
    if (record.seen === 'native' || record.seen === 'hint' || !isInside(record, path)) return;
    found[record.event] = (found[record.event] ?? 0) + 1;
    first ??= index;
    last = index;
  });
  return first === undefined ? undefined : { found, first, last };
}

function isInside({ path, from }: FileEventRecord, part: BytePath | undefined): boolean {
  if (part === undefined) return true;
  return isAtOrBelow(path, part) || (from !== undefined && isAtOrBelow(from, part));
}

function isAtOrBelow(path: BytePath, part: BytePath): boolean {
  return path === part || part === '' || path.startsWith(`${part}/`);
}
