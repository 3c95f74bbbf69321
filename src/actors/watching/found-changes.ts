import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';
import type { Found } from '../../protocol/gap.ts';

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
   * counts when the answer is called, with the number that the first event of the batch has got.
   */
  count(
    events: readonly FileEventRecord[],
    path: BytePath | undefined,
  ): ((firstSeq: number | undefined) => void) | undefined {
    if (!this.isCounting) return undefined;
    const found: Found = {};
    let first: number | undefined;
    let last = 0;
    events.forEach((record, index) => {
      if (record.seen === 'native' || record.seen === 'hint' || !isInside(record, path)) return;
      found[record.event] = (found[record.event] ?? 0) + 1;
      first ??= index;
      last = index;
    });
    if (first === undefined) return undefined;
    const firstIndex = first;
    return (firstSeq) => {
      // Without a number it was in the ledger before, and is counted already.
      if (firstSeq !== undefined) this.#add(found, firstSeq + firstIndex, firstSeq + last);
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

function isInside({ path, from }: FileEventRecord, part: BytePath | undefined): boolean {
  if (part === undefined) return true;
  return isAtOrBelow(path, part) || (from !== undefined && isAtOrBelow(from, part));
}

function isAtOrBelow(path: BytePath, part: BytePath): boolean {
  return path === part || part === '' || path.startsWith(`${part}/`);
}
