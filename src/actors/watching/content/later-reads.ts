import type { BytePath } from '../../../protocol/byte-path.ts';
import type { FileEventRecord, IndexRow, IndexStat } from '../../../protocol/file-event.ts';
import { timestampFromMs } from '../../../protocol/timestamp.ts';
import type { HashResult } from '../../../workers/hashing/hashing.messages.ts';
import type { ContentPorts } from './content-ports.ts';
import { OwedFiles, type OwedFile } from './owed-files.ts';
import type { ReadBudget } from './read-budget.ts';

/** A large file is read when nothing has happened to it for so long. */
const QUIET_MS = 1_000;
/** One task: short enough for a stop not to wait for it. */
const TASK_FILES = 64;
const TASK_BYTES = 8 * 1024 * 1024;
const SCAN_PAGE_ROWS = 1_000;
const AWAY_RETRY_MS = 1_000;
const MAX_BUDGET_MS = 86_400_000;

/** Of an event of a file. */
export function mayHaveOtherContent({ event, isContentUnsure }: FileEventRecord): boolean {
  return event === 'create' || event === 'update' || isContentUnsure === true;
}

/**
 * Reads the files of one root whose checksum is owed: the large ones once they are quiet, those that could not be read
 * in time, and those that were recorded before. One task at a time, at a bounded rate; what comes of it is recorded as
 * `attrib` of a file that is as it was.
 */
export class LaterReads {
  readonly #ports: ContentPorts;
  readonly #budget: ReadBudget;
  readonly #owed: OwedFiles;
  #isStarted = false;
  #isBusy = false;
  #cancelNext: () => void = () => undefined;
  /** Where the look through the index for files without a checksum is; undefined when it is over. */
  #scan: { after: BytePath | undefined } | undefined;
  #isLoading = false;
  #era = 0;
  #toldCount = 0;

  constructor(ports: ContentPorts, budget: ReadBudget) {
    this.#ports = ports;
    this.#budget = budget;
    const { owedMax, intervalMs } = ports.settings;
    this.#owed = new OwedFiles(owedMax, intervalMs);
  }

  /** Begins with everything in the index that has no checksum. */
  start(): void {
    this.stop();
    this.#isStarted = true;
    this.#scan = { after: undefined };
    this.plan();
  }

  stop(): void {
    this.#isStarted = false;
    this.#isBusy = false;
    this.#isLoading = false;
    this.#scan = undefined;
    this.#era += 1;
    this.#cancelNext();
    this.#owed.clear();
    this.#tellOwed();
  }

  /** An event on its way to the ledger: what is owed changes with it. */
  follow(event: FileEventRecord): void {
    const { path, kind, stat, checksum } = event;
    if (!this.#isStarted) return;
    const nowMs = this.#nowMs();
    if (event.event === 'move') this.#owed.move(event, nowMs);
    else if (kind !== 'file' || event.event === 'delete' || checksum) this.#owed.drop(path);
    else if (stat && (mayHaveOtherContent(event) || this.#owed.has(path)))
      this.#owe(path, stat, nowMs);
  }

  /** Sees to it that whatever is to be done next is done when it is due. */
  plan(): void {
    this.#tellOwed();
    if (!this.#isStarted || this.#isBusy) return;
    this.#cancelNext();
    this.#look();
    const dueMs = this.#owed.nextDueMs();
    if (dueMs === undefined) return;
    const waitMs = Math.max(0, dueMs - this.#nowMs());
    this.#cancelNext = this.#ports.cell.scope.after(waitMs, () => void this.#read());
  }

  /** Counts what a task read. */
  tell(when: 'atOnce' | 'later', { outcomes, durationMs }: HashResult): void {
    const { telemetry, shown: path } = this.#ports;
    const bytes = outcomes.reduce((sum, outcome) => sum + outcome.bytes, 0);
    const files = outcomes.filter(({ checksum }) => checksum).length;
    telemetry.emit('ContentRead', { path, when, files, bytes, durationMs });
    for (const { unread } of outcomes)
      if (unread) telemetry.emit('ChecksumPutOff', { path, reason: unread });
  }

  #owe(path: BytePath, stat: IndexStat, nowMs: number): void {
    const { settings, telemetry, shown } = this.#ports;
    const putOff = (reason: 'tooLarge' | 'growing' | 'large' | 'noRoom') =>
      telemetry.emit('ChecksumPutOff', { path: shown, reason });
    if (stat.size > settings.maxBytes) {
      this.#owed.drop(path);
      putOff('tooLarge');
      return;
    }
    const budgetMs = this.#budget.waitMs(path, stat.size, nowMs);
    const quietMs =
      stat.size > settings.atOnceBytes || budgetMs > 0
        ? Math.min(QUIET_MS, (this.#owed.sinceMs(path) ?? nowMs) + settings.intervalMs - nowMs)
        : 0;
    const dueMs = nowMs + Math.max(budgetMs, quietMs, 0);
    if (!this.#owed.add({ path, stat }, dueMs, nowMs)) putOff('noRoom');
    else if (budgetMs > 0) putOff('growing');
    else if (quietMs > 0) putOff('large');
  }

  async #read(): Promise<void> {
    const { root, reader, settings, cell } = this.#ports;
    const files = this.#owed.due(this.#nowMs(), TASK_FILES, TASK_BYTES);
    if (files.length === 0) return this.plan();
    const era = this.#era;
    this.#isBusy = true;
    const rateBytes = settings.rateBytes;
    const result = await reader.later({ root, files, budgetMs: MAX_BUDGET_MS, rateBytes });
    if (era !== this.#era || cell.scope.signal.aborted) return;
    const goOn = () => {
      if (era !== this.#era) return;
      this.#isBusy = false;
      this.plan();
    };
    if (!result) {
      this.#cancelNext = cell.scope.after(AWAY_RETRY_MS, goOn);
      return;
    }
    this.tell('later', result);
    const events = this.#take(files, result);
    if (events.length === 0) goOn();
    else this.#ports.recordChecksums(events, cell.scope.wrap(goOn));
  }

  /** The events that say what was read. */
  #take(files: readonly OwedFile[], { outcomes }: HashResult): FileEventRecord[] {
    const nowMs = this.#nowMs();
    const events: FileEventRecord[] = [];
    for (const [at, file] of files.entries()) {
      const { checksum, unread, bytes } = outcomes[at]!;
      this.#budget.spend(file.path, bytes, nowMs);
      if (!checksum) {
        const waitMs = this.#budget.waitMs(file.path, file.stat.size, nowMs);
        const isFinal = unread === 'unreadable' || unread === 'forbidden';
        this.#owed.failed(file, isFinal, nowMs + waitMs, nowMs);
      } else if (this.#owed.isDone(file)) events.push(this.#checksumEvent(file, checksum));
    }
    return events;
  }

  #checksumEvent({ path, stat }: OwedFile, checksum: Uint8Array): FileEventRecord {
    return {
      ...timestampFromMs(this.#ports.cell.clock.nowMs()),
      event: 'attrib',
      path,
      kind: 'file',
      size: stat.size,
      seen: 'reconcile',
      stat,
      checksum,
    };
  }

  /** Looks on through the index while there is room; begins again when something had no room. */
  #look(): void {
    const { settings, loadIndex, cell } = this.#ports;
    if (!this.#scan && this.#owed.hasLost && this.#owed.room >= settings.owedMax / 2) {
      this.#owed.hasLost = false;
      this.#scan = { after: undefined };
    }
    const scan = this.#scan;
    const room = Math.min(SCAN_PAGE_ROWS, this.#owed.room);
    if (!scan || this.#isLoading || room < SCAN_PAGE_ROWS / 10) return;
    const era = this.#era;
    this.#isLoading = true;
    const loaded = cell.scope.wrap((rows: IndexRow[]) => {
      if (era !== this.#era) return;
      this.#isLoading = false;
      this.#addRows(rows);
      const last = rows.at(-1);
      this.#scan = last && rows.length >= room ? { after: last.path } : undefined;
      this.plan();
    });
    const failed = cell.scope.wrap(() => {
      if (era !== this.#era) return;
      cell.scope.after(AWAY_RETRY_MS, () => {
        if (era !== this.#era) return;
        this.#isLoading = false;
        this.plan();
      });
    });
    void loadIndex(scan.after, room).then(loaded, failed);
  }

  /** Whether a row still says what is recorded is seen when its checksum is: the ledger compares. */
  #addRows(rows: readonly IndexRow[]): void {
    const nowMs = this.#nowMs();
    for (const { path, kind, stat, checksum } of rows) {
      if (kind !== 'file' || checksum || this.#owed.has(path)) continue;
      if (stat.size <= this.#ports.settings.maxBytes) this.#owed.add({ path, stat }, nowMs, nowMs);
    }
  }

  #tellOwed(): void {
    if (this.#owed.count === this.#toldCount) return;
    this.#toldCount = this.#owed.count;
    this.#ports.onOwed(this.#owed.count);
  }

  #nowMs(): number {
    return this.#ports.cell.clock.monotonicMs();
  }
}
