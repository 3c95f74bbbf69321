import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileEvents } from '../../protocol/packed-events.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { FromWatchHost } from '../../workers/watch-host/watch-host.messages.ts';
import type { CountCommitted } from './found-changes.ts';
import type { GapBook } from './gap-book.ts';

type GapNews = Extract<FromWatchHost, { type: 'doubt' | 'gap' | 'gapClosed' }>;
type GapEnd = Extract<GapNews, { type: 'gapClosed' }>;

const TOLD_AS = {
  blind_directories: 'DirectoriesBlind',
  watches_exhausted: 'WatchesExhausted',
  hints_do_not_come: 'HintsDisbelieved',
} as const;
const TOO_MANY = 'too many directories for a watch each: a recursive watcher takes over';

export interface WatcherGapsPorts {
  gaps: GapBook;
  /** When a daemon before this one was certainly watching. */
  lastWatchedMs(): number;
  /** The daemon is about to end, not only this watcher. */
  isStopping(): boolean;
  telemetry: Telemetry;
}

/** What is in doubt about one root, from its host's words to the book: a gap ends when its last batch is committed. */
export class WatcherGaps {
  readonly #path: BytePath;
  readonly #ports: WatcherGapsPorts;
  #ending: GapEnd[] = [];
  /** Batches that are counted and not on their way to the ledger yet. */
  readonly #counted = new Map<number, CountCommitted>();

  constructor(path: BytePath, ports: WatcherGapsPorts) {
    this.#path = path;
    this.#ports = ports;
  }

  /** A host is about to look at all of the root; `isMoved`: another one did until now, and its doubts are told. */
  begin(isNew: boolean, isMoved: boolean): void {
    this.#ending = [];
    if (isMoved) return this.#ports.gaps.inherit(this.#path);
    this.#ports.gaps.begin(this.#path, isNew ? undefined : this.#ports.lastWatchedMs());
  }

  hostLost(): void {
    this.#ports.gaps.open(this.#path, { reason: 'host_crashed' });
  }

  /** It goes to another host; until that has begun, nobody looks. */
  moving(): void {
    this.#ports.gaps.open(this.#path, { reason: 'hints_replaced', detail: TOO_MANY });
  }

  hear(news: GapNews, committedBatch: number): void {
    if (news.type === 'doubt') return this.#tell(news);
    if (news.type === 'gap') return this.#ports.gaps.open(this.#path, news);
    this.#ports.gaps.reconciled(this.#path, news);
    this.#ending.push(news);
    this.committed(committedBatch);
  }

  /** Counts a batch of the host as it comes: it may be held back, and what it ends is heard meanwhile. */
  count(batch: number, events: FileEvents): void {
    const counted = this.#ports.gaps.count(this.#path, events);
    if (counted) this.#counted.set(batch, counted);
  }

  /** To be called when this batch is committed. */
  countedOf(batch: number): CountCommitted | undefined {
    const counted = this.#counted.get(batch);
    this.#counted.delete(batch);
    return counted;
  }

  committed(batch: number): void {
    const isOver = (news: { batch: number }) => news.batch <= batch;
    for (const news of this.#ending.filter(isOver))
      this.#ports.gaps.close(this.#path, news, news.times);
    this.#ending = this.#ending.filter((news) => !isOver(news));
  }

  /** The first look is recorded. */
  settled(): void {
    this.#ports.gaps.closeInherited(this.#path);
  }

  #tell({ reason, isOpen, directories }: Extract<GapNews, { type: 'doubt' }>): void {
    if (!isOpen) return;
    this.#ports.telemetry.emit(TOLD_AS[reason], {
      path: showBytePath(this.#path).path,
      directories,
    });
  }

  /** From now on nobody looks. */
  leave(): void {
    const reason = this.#ports.isStopping() ? 'daemon_down' : 'watcher_restarted';
    this.#ports.gaps.leave(this.#path, reason);
  }
}
