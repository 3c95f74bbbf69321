import { GapBook } from '#codi/actors/watching/gap-book.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventKind, FileEventRecord, SeenBy } from '#codi/protocol/file-event.js';
import type { GapClosing, GapOpening } from '#codi/protocol/gap.js';

/** A gap book with a clock of its own that remembers what it records. */
export class GapWorld {
  readonly book: GapBook;
  readonly opened: GapOpening[] = [];
  readonly closed: GapClosing[] = [];
  lastSeq = 0;
  #nowMs = 0;
  #nextId = 1;
  #timers: { dueMs: number; callback: () => void }[] = [];

  constructor() {
    this.book = new GapBook({
      clock: {
        nowMs: () => this.#nowMs,
        monotonicMs: () => this.#nowMs,
        setTimeout: (callback, delayMs) =>
          this.#timers.push({ dueMs: this.#nowMs + delayMs, callback }),
      },
      newId: () => (this.#nextId++).toString(16).padStart(32, '0'),
      lastSeq: () => this.lastSeq,
      recordOpened: (_root, opening) => void this.opened.push(opening),
      recordClosed: (_root, closing) => void this.closed.push(closing),
    });
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.#nowMs);
    for (const { callback } of due) callback();
  }

  /** What was recorded, as short words. */
  get reasons(): { opened: string[]; closed: string[] } {
    const reasonOf = ({ reason }: GapOpening) => reason;
    return { opened: this.opened.map(reasonOf), closed: this.closed.map(reasonOf) };
  }
}

export function found(event: FileEventKind, path: string, seen: SeenBy = 'reconcile') {
  return {
    seconds: 1,
    nanos: 0,
    event,
    path: path as BytePath,
    kind: 'file',
    size: 1,
    seen,
    stat: null,
  } satisfies FileEventRecord;
}

/** What a watcher wants to know about gaps, around a book that nobody looks into. */
export function gapPorts(gaps = new GapWorld().book) {
  return { gaps, lastWatchedMs: () => 0, isStopping: () => false };
}
