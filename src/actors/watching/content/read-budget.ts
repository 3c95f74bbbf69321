import type { BytePath } from '../../../protocol/byte-path.ts';

/** Files that are remembered; the one that was read first is forgotten. */
const FILES_MAX = 4_096;

/**
 * How much of each file was read lately: a file may be read once in an interval, and again as long as that is not
 * more than so many bytes in all.
 */
export class ReadBudget {
  readonly #bytesMax: number;
  readonly #intervalMs: number;
  readonly #files = new Map<BytePath, { sinceMs: number; bytes: number }>();

  constructor(bytesMax: number, intervalMs: number) {
    this.#bytesMax = bytesMax;
    this.#intervalMs = intervalMs;
  }

  /** How long a file of this size is to wait; 0 when it may be read now. */
  waitMs(path: BytePath, size: number, nowMs: number): number {
    const spent = this.#files.get(path);
    if (!spent || spent.bytes + size <= this.#bytesMax) return 0;
    return Math.max(0, spent.sinceMs + this.#intervalMs - nowMs);
  }

  spend(path: BytePath, bytes: number, nowMs: number): void {
    const spent = this.#files.get(path);
    if (spent && spent.sinceMs + this.#intervalMs > nowMs) {
      spent.bytes += bytes;
      return;
    }
    this.#files.delete(path);
    this.#files.set(path, { sinceMs: nowMs, bytes });
    if (this.#files.size > FILES_MAX)
      for (const oldest of this.#files.keys()) return void this.#files.delete(oldest);
  }
}
