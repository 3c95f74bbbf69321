/**
 * Opens a file for its content, and nothing else: never a FIFO, a device or a socket, never through a link, never out of
 * the root, and never a file of the data directory, whatever is done to the tree meanwhile.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { bytePathFromBuffer, fsPath, type BytePath } from '../../protocol/byte-path.ts';
import type { IndexStat } from '../../protocol/file-event.ts';
import type { Unread } from './hashing.messages.ts';

/** A file that is open for reading, and the path that was asked for. */
export interface ContentFile {
  readonly fd: number;
  readonly path: BytePath;
}

/** Which files are the daemon's own. */
export interface Forbidden {
  holds(found: BigIntStats): boolean;
  covers(realPath: BytePath): boolean;
}

/** Linux: a descriptor that names a file and opens nothing; closing it drops no lock of SQLite's. */
const O_PATH = 0o10000000;
const NO_WAIT = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
/** Does not change the access time; only the file's owner may ask for it. */
const O_NOATIME = constants.O_NOATIME ?? 0;

/** Whether what is open, and still at its path, is the file with this stat. */
export function isStill({ fd, path }: ContentFile, stat: IndexStat): boolean {
  if (!isSame(fstatSync(fd, { bigint: true }), stat)) return false;
  const found = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false });
  return found !== undefined && isSame(found, stat);
}

export function unreadOf(error: unknown): Unread {
  const code = String((error as NodeJS.ErrnoException).code);
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code) ? 'changed' : 'unreadable';
}

/**
 * Linux: opens the file at `path` if it is the one with this stat. `realPath` is where it must be, links resolved. What the
 * name leads to is looked at before it is opened: opening alone wakes the writer of a FIFO.
 */
export function openByName(
  path: BytePath,
  realPath: BytePath,
  stat: IndexStat,
  forbidden: Forbidden,
): ContentFile | Unread {
  const name = openSync(fsPath(path), O_PATH | (constants.O_NOFOLLOW ?? 0));
  try {
    const found = fstatSync(name, { bigint: true });
    if (!found.isFile() || !isSame(found, stat)) return 'changed';
    const real = bytePathFromBuffer(readlinkSync(`/proc/self/fd/${name}`, { encoding: 'buffer' }));
    if (forbidden.holds(found) || forbidden.covers(real)) return 'forbidden';
    if (real !== realPath) return 'changed';
    return { fd: openAgain(`/proc/self/fd/${name}`), path };
  } finally {
    closeSync(name);
  }
}

function openAgain(name: string): number {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  try {
    return openSync(name, flags | O_NOATIME);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return openSync(name, flags);
  }
}

/** The same where nothing can be named without being opened: between look and opening it may change. */
export function openChecked(
  path: BytePath,
  stat: IndexStat,
  forbidden: Forbidden,
): ContentFile | Unread {
  const found = lstatSync(fsPath(path), { bigint: true });
  if (!found.isFile() || !isSame(found, stat)) return 'changed';
  if (forbidden.holds(found) || forbidden.covers(path)) return 'forbidden';
  const fd = openSync(fsPath(path), NO_WAIT);
  const opened = fstatSync(fd, { bigint: true });
  if (opened.isFile() && isSame(opened, stat)) return { fd, path };
  closeSync(fd);
  return 'changed';
}

function isSame(found: BigIntStats, stat: IndexStat): boolean {
  return (
    found.dev === stat.dev &&
    found.ino === stat.ino &&
    found.size === BigInt(stat.size) &&
    found.mtimeNs === stat.mtimeNs &&
    found.ctimeNs === stat.ctimeNs
  );
}
