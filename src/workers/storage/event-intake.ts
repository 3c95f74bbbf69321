import type { BytePath } from '../../protocol/byte-path.ts';
import { withContentMoves, type Retold } from '../../protocol/content-move.ts';
import { unpackEvents } from '../../protocol/packed-events.ts';
import type { FileEventsMessage, LedgerOptions, OpenRootMessage } from './ledger.messages.ts';
import { contentMoves } from './content-moves.ts';
import { fileEventRow, FileEventStream, type EventOwner } from './file-event-stream.ts';
import { FileIndex } from './file-index.ts';
import type { GroupHeads } from './group-heads.ts';
import type { SqliteDatabase } from './open-database.ts';
import { RootBook, UNKNOWN_SEQUENCE } from './root-book.ts';

/** How a batch of file events was taken. `outOfOrder`: one before it is missing, so it must come again. */
export type EventsVerdict =
  { verdict: 'stored'; retold: Retold } | { verdict: 'duplicate' | 'outOfOrder' };

/** Takes file events and roots into a transaction: stream rows, index rows and the root's sequence. */
export class EventIntake {
  readonly stream: FileEventStream;
  readonly roots: RootBook;
  readonly #index: FileIndex;
  readonly #owner: EventOwner;
  #latestMs = 0;

  constructor(database: SqliteDatabase, options: LedgerOptions) {
    this.stream = new FileEventStream(database);
    this.roots = new RootBook(database);
    this.#index = new FileIndex(database);
    this.#owner = {
      tenantId: options.tenantId ?? null,
      userId: options.userId ?? null,
      sessionId: options.sessionId ?? null,
    };
  }

  take(message: FileEventsMessage, heads: GroupHeads): EventsVerdict {
    const { rootId, rootPath, sequence } = message;
    if (this.roots.find(rootPath) !== rootId) return { verdict: 'outOfOrder' };
    const last = this.roots.sequence(rootId);
    if (sequence <= last) return { verdict: 'duplicate' };
    // A refused batch leaves a gap: taking the next one would make the refused one look stored.
    if (last !== UNKNOWN_SEQUENCE && sequence !== last + 1) return { verdict: 'outOfOrder' };
    const events = unpackEvents(message.events);
    const known = {
      checksum: (path: BytePath) => this.#index.checksum(rootId, path),
      countWith: (checksum: Uint8Array) => this.#index.countWith(rootId, checksum),
    };
    const moves = contentMoves(events, known);
    const updates: number[] = [];
    for (const [at, given] of withContentMoves(events, moves).entries()) {
      let record = given;
      // What was at the path when its content was read may have changed before this was taken.
      if (message.isAboutContent === true && !this.#index.holds(rootId, record)) continue;
      if (this.#index.hasOtherContent(rootId, record)) {
        record = { ...record, event: 'update' };
        updates.push(at);
      }
      heads.fileEvents += 1;
      const content = this.#index.apply(rootId, record);
      this.stream.add(fileEventRow(heads.fileEvents, rootId, record, this.#owner, content));
      this.#latestMs = Math.max(this.#latestMs, record.seconds * 1000 + record.nanos / 1e6);
    }
    this.roots.setSequence(rootId, sequence);
    return { verdict: 'stored', retold: { moves, updates } };
  }

  /** The root's id, made now if it is new, and what is known of it. */
  openRoot({ rootPath }: OpenRootMessage, heads: GroupHeads, nowMs: number) {
    let rootId = this.roots.find(rootPath);
    const isNew = rootId === undefined;
    if (rootId === undefined) {
      rootId = heads.roots += 1;
      this.roots.add(rootId, rootPath, nowMs);
    }
    return {
      rootId,
      lastSequence: Math.max(0, this.roots.sequence(rootId)),
      isNew,
    };
  }

  /** The latest time of an event taken, rounded up to milliseconds; 0 without one. */
  get latestMs(): number {
    return Math.ceil(this.#latestMs);
  }

  flush(): void {
    this.stream.flush();
  }

  reset(): void {
    this.stream.reset();
    this.roots.reset();
    this.#latestMs = 0;
  }
}
