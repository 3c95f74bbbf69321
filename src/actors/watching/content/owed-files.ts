import type { BytePath } from '../../../protocol/byte-path.ts';
import type { FileEventRecord, IndexStat } from '../../../protocol/file-event.ts';

/** A file whose checksum is to come. */
export interface OwedFile {
  path: BytePath;
  stat: IndexStat;
}

interface Owed {
  stat: IndexStat;
  /** When its content began to be unknown: it does not wait for quiet for ever. */
  sinceMs: number;
  dueMs: number;
  tries: number;
}

const TRIES_MAX = 8;
const FIRST_RETRY_MS = 250;
/** Files that could not be read, remembered so that a changed mode or place is another chance. */
const PARKED_MAX = 1_000;

/** The files of one root whose checksum is owed, as the events of the root leave them. */
export class OwedFiles {
  readonly #limit: number;
  readonly #retryMaxMs: number;
  readonly #files = new Map<BytePath, Owed>();
  readonly #parked = new Map<BytePath, IndexStat>();
  /** One had no room: the index knows which. */
  hasLost = false;

  constructor(limit: number, retryMaxMs: number) {
    this.#limit = limit;
    this.#retryMaxMs = retryMaxMs;
  }

  get count(): number {
    return this.#files.size;
  }

  get room(): number {
    return this.#limit - this.#files.size;
  }

  /** Its content is unknown since now; false when there is no room. */
  add({ path, stat }: OwedFile, dueMs: number, nowMs: number): boolean {
    const known = this.#files.get(path);
    if (!known && this.room <= 0) {
      this.hasLost = true;
      return false;
    }
    this.#parked.delete(path);
    this.#files.set(path, { stat, sinceMs: known?.sinceMs ?? nowMs, dueMs, tries: 0 });
    return true;
  }

  has(path: BytePath): boolean {
    return this.#files.has(path) || this.#parked.has(path);
  }

  /** Since when the content of a file is unknown. */
  sinceMs(path: BytePath): number | undefined {
    return this.#files.get(path)?.sinceMs;
  }

  drop(path: BytePath): void {
    this.#files.delete(path);
    this.#parked.delete(path);
  }

  /** What moved is owed at its new place: `event` is a move. */
  move({ from, path, kind, stat }: FileEventRecord, nowMs: number): void {
    if (from === undefined) return;
    if (kind !== 'dir') {
      const isOwed = this.has(from);
      this.drop(from);
      this.drop(path);
      if (isOwed && stat) this.add({ path, stat }, nowMs, nowMs);
      return;
    }
    const below = `${from}/`;
    for (const [name, known] of [...this.#files, ...this.#parked]) {
      if (!name.startsWith(below)) continue;
      this.drop(name);
      const moved = (path + name.slice(from.length)) as BytePath;
      this.add({ path: moved, stat: 'stat' in known ? known.stat : known }, nowMs, nowMs);
    }
  }

  /** Those that are due, in the order they came, and not more than either limit; one always goes. */
  due(nowMs: number, countMax: number, bytesMax: number): OwedFile[] {
    const files: OwedFile[] = [];
    let bytes = 0;
    for (const [path, { stat, dueMs }] of this.#files) {
      if (dueMs > nowMs) continue;
      bytes += stat.size;
      if (files.length > 0 && bytes > bytesMax) break;
      files.push({ path, stat });
      if (files.length >= countMax) break;
    }
    return files;
  }

  /** When the next one is due; undefined when none is owed. */
  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const { dueMs } of this.#files.values()) if (!(dueMs >= next!)) next = dueMs;
    return next;
  }

  /** It was read, and this is what is known of it now. */
  isDone({ path, stat }: OwedFile): boolean {
    if (this.#files.get(path)?.stat !== stat) return false;
    this.#files.delete(path);
    return true;
  }

  /** It could not be read; it is tried again, each time later, and then only when something happens to it. */
  failed({ path, stat }: OwedFile, isFinal: boolean, notBeforeMs: number, nowMs: number): void {
    const owed = this.#files.get(path);
    if (owed?.stat !== stat) return;
    owed.tries += 1;
    if (isFinal || owed.tries >= TRIES_MAX) {
      this.#files.delete(path);
      this.#park(path, stat);
      return;
    }
    const retryMs = Math.min(this.#retryMaxMs, FIRST_RETRY_MS * 2 ** (owed.tries - 1));
    owed.dueMs = Math.max(notBeforeMs, nowMs + retryMs);
  }

  clear(): void {
    this.#files.clear();
    this.#parked.clear();
    this.hasLost = false;
  }

  #park(path: BytePath, stat: IndexStat): void {
    if (this.#parked.size >= PARKED_MAX)
      for (const [oldest] of this.#parked) {
        this.#parked.delete(oldest);
        break;
      }
    this.#parked.set(path, stat);
  }
}
