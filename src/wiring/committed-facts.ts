import type { LedgerHead } from '../workers/storage/ledger.messages.ts';

interface Range {
  first: number;
  last: number;
  count: number;
}

/** What the ledger thread says after each commit. */
export interface CommittedFact {
  block: number | null;
  logs: Range | null;
  files: Range | null;
  bytes: number;
}

const RATE_WINDOW_MS = 5_000;

/** What is committed so far: the heads that followers start from, and the counters that `codi status` shows. */
export class CommittedFacts {
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #logs = 0;
  #events = 0;
  #lost = 0;
  #blocks = 0;
  #bytes = 0;
  #lastCommitMs: number | null = null;
  #earlierCommitMs: number | null = null;
  #isLoaded = false;
  readonly #recent: { atMs: number; count: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A ledger thread has opened the file and says what it holds. */
  load(head: LedgerHead): void {
    this.#logs = head.logs;
    this.#events = head.fileEvents;
    this.#lost = head.lost;
    this.#blocks = head.blocks;
    this.#bytes = head.bytes;
    this.#lastCommitMs ??= head.lastCommitMs;
    if (!this.#isLoaded) this.#earlierCommitMs = head.lastCommitMs;
    this.#isLoaded = true;
    this.#tell();
  }

  record(fact: CommittedFact): void {
    if (fact.block === null) return;
    if (fact.logs) this.#logs = fact.logs.last;
    if (fact.files) this.#events = fact.files.last;
    this.#blocks = fact.block + 1;
    this.#bytes += fact.bytes;
    const atMs = this.#now();
    this.#lastCommitMs = atMs;
    const count = (fact.logs?.count ?? 0) + (fact.files?.count ?? 0);
    while (this.#recent[0] && this.#recent[0].atMs <= atMs - RATE_WINDOW_MS) this.#recent.shift();
    this.#recent.push({ atMs, count });
    this.#tell();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The last commit of an earlier daemon; null when there was none. */
  get earlierCommitMs(): number | null {
    return this.#earlierCommitMs;
  }

  head(): { logs: number; events: number } {
    return { logs: this.#logs, events: this.#events };
  }

  summary() {
    const since = this.#now() - RATE_WINDOW_MS;
    const recent = this.#recent.filter((entry) => entry.atMs > since);
    const count = recent.reduce((sum, entry) => sum + entry.count, 0);
    return {
      entries: this.#logs + this.#events - this.#lost,
      bytes: this.#bytes,
      blocks: this.#blocks,
      lastCommitMs: this.#lastCommitMs,
      entriesPerSecond: Math.round(count / (RATE_WINDOW_MS / 1_000)),
    };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
