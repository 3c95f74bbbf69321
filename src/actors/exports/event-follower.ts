import type { ExportPlace, FoundExport } from '../../workers/storage/exports.messages.ts';
import type { ExportsPorts } from './export-ports.ts';

type FollowerPorts = Pick<ExportsPorts, 'reader' | 'feed' | 'notices' | 'settings'> & {
  /** Whether more can be taken; else the rest waits in the ledger. */
  hasRoom(): boolean;
  onFound(found: FoundExport): void;
  /** Some events were looked at. */
  onPage(): void;
};

/** Reads the committed file events for exports, from the place in the ledger on, each once. */
export class EventFollower {
  readonly #ports: FollowerPorts;
  readonly #rules: string;
  /** All events up to here were looked at. */
  #through: number | undefined;
  #saved: ExportPlace = { seq: 0, rules: '' };
  #index: { after: { rootId: number; path: never } | null } | undefined;
  /** That were read. */
  #pages = 0;
  #isReading = false;
  #isAskedAgain = false;

  constructor(ports: FollowerPorts) {
    this.#ports = ports;
    this.#rules = JSON.stringify(ports.settings.rules);
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  /** There are events, or files of the index, that were not looked at for want of room. */
  get isBehind(): boolean {
    return this.#through === undefined || this.#index !== undefined || !this.#ports.notices.areNone;
  }

  /**
   * Looks at what was committed until now. One at a time; whoever asks meanwhile is served by it. True: so much was
   * read that nobody should have to read it again.
   */
  async look(): Promise<boolean> {
    if (this.#skip()) return false;
    this.#isAskedAgain = true;
    if (this.#isReading) return false;
    this.#isReading = true;
    const pages = this.#pages;
    try {
      while (this.#isAskedAgain) {
        this.#isAskedAgain = false;
        await this.#read();
      }
    } finally {
      this.#isReading = false;
    }
    return this.#pages > pages + 1;
  }

  /** The place to go on from when everything below `lowestSeq` is done; null: it cannot be said. */
  place(lowestSeq: number | undefined): ExportPlace | null {
    if (this.#through === undefined || this.#index) return null;
    if (lowestSeq !== undefined && lowestSeq <= 0) return null;
    const seq = lowestSeq === undefined ? this.#through : Math.min(this.#through, lowestSeq - 1);
    return seq < this.#saved.seq ? null : { seq, rules: this.#rules };
  }

  hasMoved({ seq, rules }: ExportPlace): boolean {
    return seq > this.#saved.seq || rules !== this.#saved.rules;
  }

  saved(place: ExportPlace): void {
    if (place.seq >= this.#saved.seq) this.#saved = place;
  }

  /** No export is among the events behind the place, so they need not be read. */
  #skip(): boolean {
    if (this.#isReading || this.isBehind) return false;
    this.#through = Math.max(this.#through!, this.#ports.feed.head().events);
    return true;
  }

  async #read(): Promise<void> {
    const { reader, notices } = this.#ports;
    const areNew = notices.take();
    try {
      if (this.#through === undefined) {
        const place = await reader.place();
        // A place that is ahead is of another ledger.
        const seq = place.seq <= this.#ports.feed.head().events ? place.seq : 0;
        this.#saved = { ...place, seq };
        if (place.rules !== this.#rules && place.rules !== '') this.#index = { after: null };
        this.#through = seq;
      } else if (!areNew && !this.#index) return;
      const isDone = (await this.#readEvents()) && (await this.#readIndex());
      if (!isDone) notices.giveBack();
    } catch (error) {
      notices.giveBack();
      throw error;
    }
  }

  async #readEvents(): Promise<boolean> {
    const { reader, feed, settings, hasRoom, onFound, onPage } = this.#ports;
    for (let head = feed.head().events; this.#through! < head; head = feed.head().events) {
      if (!hasRoom()) return false;
      const input = { afterSeq: this.#through!, throughSeq: head, rules: settings.rules };
      const { found, throughSeq, hasGap } = await reader.find(input);
      // Events that were archived meanwhile: what they led to is in the index.
      if (hasGap) this.#index ??= { after: null };
      found.forEach(onFound);
      this.#through = throughSeq;
      this.#pages += 1;
      onPage();
    }
    return true;
  }

  /** Files that were there before anybody looked for them. */
  async #readIndex(): Promise<boolean> {
    const { reader, settings, hasRoom, onFound, onPage } = this.#ports;
    while (this.#index) {
      if (!hasRoom()) return false;
      const input = { rules: settings.rules, after: this.#index.after };
      const { found, next } = await reader.indexed(input);
      found.forEach(onFound);
      this.#index = next ? { after: next as never } : undefined;
      this.#pages += 1;
      onPage();
    }
    return true;
  }
}
