import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  statfsSync,
  type BigIntStats,
} from 'node:fs';
import { fsPath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileKind, IndexStat } from '../../protocol/file-event.ts';

/** What is at a path now. Symbolic links are entries themselves, never followed. */
export interface EntryStat extends IndexStat {
  readonly kind: FileKind;
  /** When the inode was born; 0 where the file system does not say. */
  readonly birthtimeNs: bigint;
}

/**
 * The part of it that the index keeps. An object of its own on purpose: were the looked-at ones kept, the engine
 * would learn to allocate all of them, millions in each sweep, as long-lived.
 */
export function statToKeep({
  dev,
  ino,
  size,
  mtimeNs,
  ctimeNs,
  mode,
  nlink,
}: IndexStat): IndexStat {
  return { dev, ino, size, mtimeNs, ctimeNs, mode, nlink };
}

/** 'unreadable': something is there, or may be, but it cannot be looked at now (permissions, I/O error). */
export type NoEntry = 'missing' | 'unreadable';

/** The file system as the reconciler sees it. Paths are absolute; calls are short and synchronous. */
export interface Disk {
  lstat(path: BytePath): EntryStat | NoEntry;
  /** Names in a directory as bytes (latin1), in any order. */
  readNames(directory: BytePath): string[] | NoEntry;
  /** What a regular file holds, up to a limit; anything else counts as missing. Links are not followed. */
  readFile(path: BytePath, limitBytes: number): Buffer | 'tooLarge' | NoEntry;
  /** The magic number of the file system (statfs f_type), where known. */
  filesystemType(path: BytePath): number | undefined;
}

const FORMAT_MASK = 0o170000;
const KIND_BY_FORMAT = new Map<number, FileKind>([
  [0o100000, 'file'],
  [0o040000, 'dir'],
  [0o120000, 'symlink'],
]);

export function nodeDisk(): Disk {
  // One bigint for all entries of a device: the index keeps these.
  let device = 0n;
  const sharedDevice = (dev: bigint) => (dev === device ? device : (device = dev));
  return {
    lstat(path) {
      try {
        const found = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false });
        return found ? entryStat(found, sharedDevice(found.dev)) : 'missing';
      } catch (error) {
        return noEntry(error);
      }
    },
    readNames(directory) {
      try {
        return readdirSync(fsPath(directory), { encoding: 'latin1' });
      } catch (error) {
        return noEntry(error);
      }
    },
    readFile(path, limitBytes) {
      try {
        return readRegularFile(path, limitBytes);
      } catch (error) {
        return noEntry(error);
      }
    },
    filesystemType(path) {
      try {
        return statfsSync(fsPath(path)).type;
      } catch {
        return undefined;
      }
    },
  };
}

// Not blocking: a FIFO may have taken the place of the file. Windows knows neither flag.
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function readRegularFile(path: BytePath, limitBytes: number): Buffer | 'tooLarge' | NoEntry {
  const file = openSync(fsPath(path), OPEN_FLAGS);
  try {
    if (!fstatSync(file).isFile()) return 'missing';
    const content = Buffer.alloc(limitBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < content.length; length += count)
      count = readSync(file, content, length, content.length - length, null);
    return length > limitBytes ? 'tooLarge' : content.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

function entryStat(found: BigIntStats, dev: bigint): EntryStat {
  const { ino, mtimeNs } = found;
  const ctimeNs = found.ctimeNs === mtimeNs ? mtimeNs : found.ctimeNs;
  const mode = Number(found.mode);
  return {
    kind: KIND_BY_FORMAT.get(mode & FORMAT_MASK) ?? 'other',
    birthtimeNs: found.birthtimeNs,
    dev,
    ino,
    size: Number(found.size),
    mtimeNs,
    ctimeNs,
    mode,
    nlink: Number(found.nlink),
  };
}

function noEntry(error: unknown): NoEntry {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable';
}
