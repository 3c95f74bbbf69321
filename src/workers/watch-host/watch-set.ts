/** An inode number; a plain number where that is exact, because an audit makes one of every watch and directory. */
export type InodeKey = number | bigint;

/** Below this many bits an inode number is a plain number. */
const NUMBER_BITS = 52n;
const NUMBER_DIGITS = Number(NUMBER_BITS) / 4;

export function inodeKey(ino: bigint): InodeKey {
  return ino >> NUMBER_BITS === 0n ? Number(ino) : ino;
}

/** Of the number as hexadecimal digits, without leading zeros. */
export function inodeKeyOf(digits: string): InodeKey {
  return digits.length <= NUMBER_DIGITS ? Number.parseInt(digits, 16) : BigInt(`0x${digits}`);
}

/** Watched inodes: pairs of the kernel's device number and the inode number. */
export class WatchSet {
  readonly #byDevice = new Map<number, Set<InodeKey>>();

  get size(): number {
    let size = 0;
    for (const inodes of this.#byDevice.values()) size += inodes.size;
    return size;
  }

  add(device: number, ino: InodeKey): void {
    const inodes = this.#byDevice.get(device);
    if (inodes) inodes.add(ino);
    else this.#byDevice.set(device, new Set([ino]));
  }

  has(device: number, ino: InodeKey): boolean {
    return this.#byDevice.get(device)?.has(ino) ?? false;
  }

  /** On any device. */
  hasInode(ino: InodeKey): boolean {
    for (const inodes of this.#byDevice.values()) if (inodes.has(ino)) return true;
    return false;
  }

  /** Those that are not in the other one. */
  without(other: WatchSet): WatchSet {
    const left = new WatchSet();
    for (const [device, inodes] of this.#byDevice)
      for (const ino of inodes) if (!other.has(device, ino)) left.add(device, ino);
    return left;
  }
}
