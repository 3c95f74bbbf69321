import type { IndexStat } from '../../protocol/file-event.ts';
import { InotifyLines, kernelDevice, type InotifyList } from './inotify-list.ts';
import { inodeKey, WatchSet, type InodeKey } from './watch-set.ts';

/** The watches of this process, as one list of the kernel had them. */
export class KernelWatches {
  readonly set = new WatchSet();
  readonly instances: number;
  count = 0;
  readonly #lines: InotifyLines;

  constructor(list: InotifyList) {
    this.instances = list.length;
    this.#lines = new InotifyLines(list);
  }

  /** One step for each watch. */
  *load(): Generator<void, void> {
    while (this.#lines.next()) {
      this.set.add(this.#lines.device, this.#lines.ino);
      this.count += 1;
      yield;
    }
  }
}

/** So many audits later it is tried again to compare a device. */
const UNKNOWN_AUDITS = 20;

/**
 * How the list names what stat(2) names. Most file systems list the same inode and device; some list another device
 * (btrfs) or even another inode (overlays at times), and nothing can be said of these.
 */
export class DeviceNames {
  readonly #byInode = new Set<bigint>();
  readonly #unknown = new Map<bigint, number>();

  isListed(
    { set }: KernelWatches,
    { ino, dev }: Pick<IndexStat, 'ino' | 'dev'>,
    key: InodeKey = inodeKey(ino),
  ): boolean {
    if (this.#unknown.size > 0 && this.#unknown.has(dev)) return true;
    if (this.#byInode.size > 0 && this.#byInode.has(dev)) return set.hasInode(key);
    return set.has(kernelDevice(dev), key);
  }

  /** None of the device's directories is listed under its own name: whether they are by their inode. */
  learn(watches: KernelWatches, { ino, dev }: IndexStat): boolean {
    if (!watches.set.hasInode(inodeKey(ino))) return false;
    this.#byInode.add(dev);
    return true;
  }

  /** Not even a watch that was just placed is listed. */
  giveUp(dev: bigint): void {
    this.#unknown.set(dev, UNKNOWN_AUDITS);
  }

  nextAudit(): void {
    for (const [dev, left] of this.#unknown)
      if (left > 1) this.#unknown.set(dev, left - 1);
      else this.#unknown.delete(dev);
  }
}
