import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const DESCRIPTORS = '/proc/self/fd';
const DETAILS = '/proc/self/fdinfo';

/** The watches of a process as the kernel lists them: one text for each inotify descriptor. */
export type InotifyList = readonly string[];

/** Read without holding up the event loop: 10,000 watches take the kernel about 30 ms. Undefined without such a list. */
export async function readInotifyList(): Promise<InotifyList | undefined> {
  try {
    const texts: string[] = [];
    for (const descriptor of inotifyDescriptors())
      texts.push(await readFile(`${DETAILS}/${descriptor}`, 'latin1'));
    return texts;
  } catch {
    return undefined;
  }
}

/** Inode numbers of all directories this process watches; undefined where there is no such list. */
export function watchedInodes(): Set<bigint> | undefined {
  try {
    const inodes = new Set<bigint>();
    for (const descriptor of inotifyDescriptors()) {
      const lines = new InotifyLines([readFileSync(`${DETAILS}/${descriptor}`, 'latin1')]);
      for (let key = lines.next(); key !== undefined; key = lines.next())
        inodes.add(BigInt(`0x${inodeOf(key)}`));
    }
    return inodes;
  } catch {
    return undefined;
  }
}

/**
 * What an inode is called in the list: `inode:device`, in hexadecimal. The kernel has 20 bits for the minor number
 * and the major number above them; stat(2) gives them as makedev(3) mixes them.
 */
export function watchKey(ino: bigint, dev: bigint): string {
  if (dev !== lastDevice.dev) lastDevice = { dev, name: kernelDevice(dev).toString(16) };
  return `${ino.toString(16)}:${lastDevice.name}`;
}

/** Most directories of a process are on one device, and an audit asks for each of them. */
let lastDevice = { dev: 0n, name: '0' };

export function inodeOf(key: string): string {
  return key.slice(0, key.indexOf(':'));
}

function kernelDevice(dev: bigint): bigint {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xfff00n);
  return (major << 20n) | minor;
}

/** Takes a list apart, one watch at a time, so that others get their turn between any two. */
export class InotifyLines {
  readonly #texts: InotifyList;
  readonly #line = /^inotify wd:\S+ ino:([0-9a-f]+) sdev:([0-9a-f]+)/gm;
  #at = 0;

  constructor(texts: InotifyList) {
    this.#texts = texts;
  }

  /** The key of the next watch; undefined after the last. */
  next(): string | undefined {
    for (; this.#at < this.#texts.length; this.#at += 1) {
      const found = this.#line.exec(this.#texts[this.#at]!);
      if (found) return `${found[1]}:${found[2]}`;
    }
    return undefined;
  }
}

function inotifyDescriptors(): string[] {
  return readdirSync(DESCRIPTORS).filter((descriptor) => {
    try {
      return readlinkSync(`${DESCRIPTORS}/${descriptor}`).includes('inotify');
    } catch {
      return false;
    }
  });
}
