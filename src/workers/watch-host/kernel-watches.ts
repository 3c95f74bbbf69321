import type { IndexStat } from '../../protocol/file-event.ts';
import { InotifyLines, inodeOf, watchKey, type InotifyList } from './inotify-list.ts';

/** The watches of this process, as one list of the kernel had them. */
export class KernelWatches {
  readonly keys = new Set<string>();
  readonly instances: number;
  count = 0;
  readonly #lines: InotifyLines;
  #inodes: Set<string> | undefined;

  constructor(list: InotifyList) {
    this.instances = list.length;
    this.#lines = new InotifyLines(list);
  }

  /** One step for each watch. */
  *load(): Generator<void, void> {
    for (let key = this.#lines.next(); key !== undefined; key = this.#lines.next()) {
      this.keys.add(key);
      this.count += 1;
      yield;
    }
  }

  hasInode(ino: bigint): boolean {
    this.#inodes ??= new Set([...this.keys].map(inodeOf));
    return this.#inodes.has(ino.toString(16));
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

  /** `key`: that of the inode, where it is known already. */
  isListed(
    watches: KernelWatches,
    { ino, dev }: IndexStat,
    key: string = watchKey(ino, dev),
  ): boolean {
    if (this.#unknown.has(dev)) return true;
    if (this.#byInode.has(dev)) return watches.hasInode(ino);
    return watches.keys.has(key);
  }

  /** None of the device's directories is listed under its own name: whether they are by their inode. */
  learn(watches: KernelWatches, { ino, dev }: IndexStat): boolean {
    if (!watches.hasInode(ino)) return false;
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
