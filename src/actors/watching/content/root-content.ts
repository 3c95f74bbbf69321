import type { BytePath } from '../../../protocol/byte-path.ts';
import type { FileEventRecord, IndexStat } from '../../../protocol/file-event.ts';
import { packEvents, unpackEvents, type FileEvents } from '../../../protocol/packed-events.ts';
import type { HashResult } from '../../../workers/hashing/hashing.messages.ts';
import type { ContentPorts } from './content-ports.ts';
import { LaterReads, mayHaveOtherContent } from './later-reads.ts';
import { ReadBudget } from './read-budget.ts';

interface HeldBatch {
  batch: number;
  events: FileEventRecord[];
  /** When it goes on, with checksums or without. */
  untilMs: number;
}

/** An event whose file is read before it is recorded. */
interface Candidate {
  index: number;
  path: BytePath;
  stat: IndexStat;
}

/** Threads check the time themselves; this is for those that do not come back. */
const GRACE_MS = 100;

/**
 * Adds checksums to the changes of one root on their way to the ledger. Changes keep their order: a batch waits for its
 * small files to be read, a bounded time, and those behind it wait with it. What is not read by then is owed.
 */
export class RootContent {
  readonly #ports: ContentPorts;
  readonly #budget: ReadBudget;
  readonly #later: LaterReads;
  readonly #held: HeldBatch[] = [];
  #isReading = false;
  /** A thread has not come back in time: nothing more is given to it meanwhile. */
  #isStuck = false;
  #isSettled = false;
  /** Grows when what is under way is given up. */
  #era = 0;

  constructor(ports: ContentPorts) {
    this.#ports = ports;
    const { atOnceBytes, intervalMs } = ports.settings;
    this.#budget = new ReadBudget(atOnceBytes, intervalMs);
    this.#later = new LaterReads(ports, this.#budget);
  }

  /** Whether nothing is held back. */
  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** A batch of the host. */
  take(batch: number, events: FileEvents): void {
    if (!this.#isSettled) {
      // The first look at a large root does not wait for all of it to be read.
      this.#ports.record(batch, events);
      return;
    }
    const untilMs = this.#nowMs() + this.#ports.settings.waitMs;
    this.#held.push({ batch, events: [...unpackEvents(events)], untilMs });
    this.#pump();
  }

  /** What the first look found is recorded: from now on changes wait for checksums, and files without are read. */
  settled(): void {
    this.#isSettled = true;
    this.#later.start();
  }

  /** Everything that is held back goes on as it is, and nothing more is read until it is settled again. */
  release(): void {
    this.#isSettled = false;
    this.#isReading = false;
    this.#era += 1;
    for (const { batch, events } of this.#held.splice(0))
      this.#ports.record(batch, packEvents(events));
    this.#later.stop();
  }

  #pump(): void {
    for (let next = this.#held[0]; next && !this.#isReading; next = this.#held[0]) {
      const candidates = this.#candidates(next);
      if (candidates.length === 0) this.#passOn();
      else this.#read(next, candidates);
    }
  }

  /** Of several events of one path only the last can be of what is there now. */
  #candidates({ events, untilMs }: HeldBatch): Candidate[] {
    const nowMs = this.#nowMs();
    if (this.#isStuck || nowMs >= untilMs) return [];
    const last = new Map<BytePath, Candidate>();
    for (const [index, record] of events.entries()) {
      const { kind, path, stat } = record;
      last.delete(path);
      if (kind !== 'file' || !stat || !mayHaveOtherContent(record)) continue;
      if (stat.size > this.#ports.settings.atOnceBytes) continue;
      if (this.#budget.waitMs(path, stat.size, nowMs) === 0) last.set(path, { index, path, stat });
    }
    return [...last.values()];
  }

  #read({ events, untilMs }: HeldBatch, candidates: Candidate[]): void {
    const { reader, root, cell } = this.#ports;
    const era = this.#era;
    this.#isReading = true;
    const budgetMs = untilMs - this.#nowMs();
    let isOver = false;
    const finish = (result: HashResult | undefined) => {
      if (isOver || era !== this.#era) return;
      isOver = true;
      cancel();
      if (result) this.#addChecksums(events, candidates, result);
      this.#isReading = false;
      this.#passOn();
      this.#pump();
    };
    const cancel = cell.scope.after(budgetMs + GRACE_MS, () => {
      this.#isStuck = true;
      finish(undefined);
    });
    const files = candidates.map(({ path, stat }) => ({ path, stat }));
    void reader.atOnce({ root, files, budgetMs }).then(
      cell.scope.wrap((result: HashResult | undefined) => {
        this.#isStuck = false;
        finish(result);
      }),
    );
  }

  #addChecksums(events: FileEventRecord[], candidates: Candidate[], result: HashResult): void {
    const nowMs = this.#nowMs();
    for (const [at, { index, path }] of candidates.entries()) {
      const { checksum, bytes } = result.outcomes[at]!;
      this.#budget.spend(path, bytes, nowMs);
      if (checksum) events[index] = { ...events[index]!, checksum };
    }
    this.#later.tell('atOnce', result);
  }

  /** The first batch is recorded; what it leaves without a checksum is owed. */
  #passOn(): void {
    const { batch, events } = this.#held.shift()!;
    for (const event of events) this.#later.follow(event);
    this.#ports.record(batch, packEvents(events));
    this.#later.plan();
  }

  #nowMs(): number {
    return this.#ports.cell.clock.monotonicMs();
  }
}
