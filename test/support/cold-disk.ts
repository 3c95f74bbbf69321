import type { BytePath } from '#codi/protocol/byte-path.js';
import type { AheadDisk } from '#codi/workers/watch-host/ahead-disk.js';
import type { Disk, EntryStat, NoEntry } from '#codi/workers/watch-host/disk.js';
import type { HostClock } from '#codi/workers/watch-host/host-ports.js';
import type { FakeDisk } from './fake-disk.ts';

type PassingClock = Pick<HostClock, 'setTimeout'> & { standStill(forMs: number): void };

/**
 * A disk that takes its time for what was not looked at before, and the caches over it. Looks ahead take as long, but
 * beside each other.
 */
export class ColdDisk implements Disk, AheadDisk {
  delayMs = 0;
  /** Whether what was looked at is found in the caches later. */
  isCaching = true;
  /** Whether looks ahead are answered at all. */
  isAnswering = true;
  /** Whether entries are at hand, and only listings take their time. */
  areEntriesQuick = false;
  /** Paths on other file systems. */
  readonly mounts = new Map<string, bigint>();
  /** Looks that somebody waited for, as the disk was asked. */
  slowLooks = 0;
  /** What was looked at ahead, in this order; of directories the listing, with a slash behind. */
  readonly ahead: string[] = [];
  underWay = 0;
  mostUnderWay = 0;
  readonly #disk: FakeDisk;
  readonly #clock: PassingClock;
  readonly #cached = new Set<string>();

  constructor(disk: FakeDisk, clock: PassingClock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  lstat(path: BytePath): EntryStat | NoEntry {
    if (!this.areEntriesQuick) this.#wait(path);
    const found = this.#disk.lstat(path);
    const dev = this.mounts.get(path);
    return typeof found === 'string' || dev === undefined ? found : { ...found, dev };
  }

  readNames(directory: BytePath): string[] | NoEntry {
    this.#wait(`${directory}/`);
    return this.#disk.readNames(directory);
  }

  readFile(path: BytePath, limitBytes: number): Buffer | 'tooLarge' | NoEntry {
    return this.#disk.readFile(path, limitBytes);
  }

  filesystemType(): number {
    return this.#disk.filesystemType();
  }

  look(path: BytePath, onDone: () => void): void {
    this.#later(path, onDone);
  }

  list(directory: BytePath, onDone: (names: string[] | undefined) => void): void {
    this.#later(`${directory}/`, () => {
      const names = this.#disk.readNames(directory);
      onDone(typeof names === 'string' ? undefined : names);
    });
  }

  #wait(what: string): void {
    if (this.delayMs === 0 || this.#cached.has(what)) return;
    this.slowLooks += 1;
    this.#clock.standStill(this.delayMs);
    if (this.isCaching) this.#cached.add(what);
  }

  #later(what: string, then: () => void): void {
    this.ahead.push(what);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    if (!this.isAnswering) return;
    this.#clock.setTimeout(
      () => {
        this.underWay -= 1;
        if (this.isCaching) this.#cached.add(what);
        then();
      },
      this.#cached.has(what) ? 0 : this.delayMs,
    );
  }
}
