import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { WatchSet, type InodeKey } from './watch-set.ts';

const DESCRIPTORS = '/proc/self/fd';
const DETAILS = '/proc/self/fdinfo';

/** The watches of a process as the kernel lists them: the bytes of one list for each inotify descriptor. */
export type InotifyList = readonly Buffer[];

const FIRST_BYTES = 65_536;

/** Reads lists, one after the other, into room that it keeps: a process reads one as long as it watches. */
export class InotifyListReader {
  #room = Buffer.allocUnsafe(FIRST_BYTES);

  /**
   * Without holding up the event loop: 10,000 watches take the kernel about 30 ms. Good until the next call. Undefined
   * without such a list.
   */
  async read(): Promise<InotifyList | undefined> {
    try {
      const ends: number[] = [0];
      for (const descriptor of inotifyDescriptors())
        ends.push(await this.#append(`${DETAILS}/${descriptor}`, ends.at(-1)!));
      return ends.slice(1).map((end, index) => this.#room.subarray(ends[index], end));
    } catch {
      return undefined;
    }
  }

  async #append(path: string, from: number): Promise<number> {
    const file = await open(path);
    try {
      for (let end = from; ;) {
        if (end === this.#room.length) this.#grow();
        const { bytesRead } = await file.read(this.#room, end, this.#room.length - end, null);
        if (bytesRead === 0) return end;
        end += bytesRead;
      }
    } finally {
      await file.close();
    }
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(2 * this.#room.length);
    this.#room.copy(larger);
    this.#room = larger;
  }
}

/** All directories this process watches; undefined where there is no such list. */
export function watchedInodes(): WatchSet | undefined {
  try {
    const watches = new WatchSet();
    for (const descriptor of inotifyDescriptors()) {
      const lines = new InotifyLines([readFileSync(`${DETAILS}/${descriptor}`)]);
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

const WATCH = Buffer.from('inotify wd:');
const INODE = Buffer.from(' ino:');
const DEVICE = Buffer.from(' sdev:');
/** So many hexadecimal digits are a number exactly. */
const EXACT_DIGITS = 13;

/**
 * Takes a list apart, one watch at a time, so that others get their turn between any two. In place and by hand: texts
 * and a regular expression take five times as long, and this is most of what an idle host does.
 */
export class InotifyLines {
  readonly #lists: InotifyList;
  #list = 0;
  #at = 0;
  /** Of the last watch. */
  device = 0;
  ino: InodeKey = 0;

  constructor(lists: InotifyList) {
    this.#lists = lists;
  }

  /** Goes to the next watch; false after the last. */
  next(): boolean {
    for (; this.#list < this.#lists.length; this.#list += 1, this.#at = 0) {
      const bytes = this.#lists[this.#list]!;
      const line = bytes.indexOf(WATCH, this.#at);
      if (line < 0) continue;
      const ino = bytes.indexOf(INODE, line) + INODE.length;
      const inoEnd = hexEnd(bytes, ino);
      const device = bytes.indexOf(DEVICE, inoEnd) + DEVICE.length;
      this.#at = hexEnd(bytes, device);
      const isExact = inoEnd - ino <= EXACT_DIGITS;
      this.ino = isExact
        ? hexValue(bytes, ino, inoEnd)
        : BigInt(`0x${bytes.toString('latin1', ino, inoEnd)}`);
      this.device = hexValue(bytes, device, this.#at);
      return true;
    }
    return false;
  }
}

function hexEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && digit(bytes[at]!) >= 0) at += 1;
  return at;
}

function hexValue(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 16 + digit(bytes[at]!);
  return value;
}

/** -1 for what is no hexadecimal digit; the kernel writes small letters. */
function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
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
