import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { inodeKeyOf, WatchSet, type InodeKey } from './watch-set.ts';

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

/** All directories this process watches; undefined where there is no such list. */
export function watchedInodes(): WatchSet | undefined {
  try {
    const watches = new WatchSet();
    for (const descriptor of inotifyDescriptors()) {
      const lines = new InotifyLines([readFileSync(`${DETAILS}/${descriptor}`, 'latin1')]);
      while (lines.next()) watches.add(lines.device, lines.ino);
    }
    return watches;
  } catch {
    return undefined;
  }
}

/**
 * What the list calls a device. The kernel has 20 bits for the minor number and the major number above them; stat(2)
 * gives them as makedev(3) mixes them.
 */
export function kernelDevice(dev: bigint): number {
  if (dev !== lastDevice.dev) {
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
    const minor = (dev & 0xffn) | ((dev >> 12n) & 0xfff00n);
    lastDevice = { dev, device: Number((major << 20n) | minor) };
  }
  return lastDevice.device;
}

/** Most directories of a process are on one device, and an audit asks for each of them. */
let lastDevice = { dev: 0n, device: 0 };

/** Takes a list apart, one watch at a time, so that others get their turn between any two. */
export class InotifyLines {
  readonly #texts: InotifyList;
  readonly #line = /^inotify wd:\S+ ino:([0-9a-f]+) sdev:([0-9a-f]+)/gm;
  #at = 0;
  /** Of the last watch. */
  device = 0;
  ino: InodeKey = 0;

  constructor(texts: InotifyList) {
    this.#texts = texts;
  }

  /** Goes to the next watch; false after the last. */
  next(): boolean {
    for (; this.#at < this.#texts.length; this.#at += 1) {
      const found = this.#line.exec(this.#texts[this.#at]!);
      if (!found) continue;
      this.ino = inodeKeyOf(found[1]!);
      this.device = Number.parseInt(found[2]!, 16);
      return true;
    }
    return false;
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
