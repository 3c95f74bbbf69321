import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  statSync,
  type BigIntStats,
} from 'node:fs';
import { bytePathFromBuffer, fsPath, type BytePath } from '../../../protocol/byte-path.ts';
import type { CaptureInput, CaptureResult, FileIdentity } from '../exports.messages.ts';

/** Not blocking: a FIFO may have taken the place of the file. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const SET_ID = 0o6000n;
const DELETED = ' (deleted)';

type Failure = Extract<CaptureResult, { code: unknown }>;

/** A file that may be captured, opened. */
export interface OpenOriginal {
  fd: number;
  identity: FileIdentity;
}

export interface OriginalRules extends Pick<CaptureInput, 'path' | 'root' | 'sizeLimitBytes'> {
  /** Whose files may have several names. */
  uid: number;
}

/**
 * Opens a file that somebody has put under a name that is captured, whoever that was: nothing is followed, nothing
 * but a regular file is opened, and what was opened must be where it was looked for.
 */
export function openOriginal(rules: OriginalRules): OpenOriginal | Failure {
  const { path } = rules;
  try {
    const found = lstatSync(fsPath(path), { bigint: true });
    if (!found.isFile()) return refused('CODI_EXPORT_NOT_A_FILE', found);
    const fd = openSync(fsPath(path), FLAGS);
    const problem = problemOf(fd, rules);
    if (!problem) return { fd, identity: identityOf(fstatSync(fd, { bigint: true })) };
    closeSync(fd);
    return problem;
  } catch (error) {
    return failureOf(error);
  }
}

export function identityOf(stat: BigIntStats): FileIdentity {
  return { dev: stat.dev, ino: stat.ino, size: Number(stat.size), mtimeNs: stat.mtimeNs };
}

export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs
  );
}

function problemOf(fd: number, { path, root, sizeLimitBytes, uid }: OriginalRules) {
  const stat = fstatSync(fd, { bigint: true });
  if (!stat.isFile()) return refused('CODI_EXPORT_NOT_A_FILE', stat);
  const place = placeOf(fd);
  if (place?.endsWith(DELETED)) return vanished();
  if (place !== undefined && !isWhereItShould(place, path, root))
    return refused('CODI_EXPORT_OUTSIDE', stat);
  if ((stat.mode & SET_ID) !== 0n) return refused('CODI_EXPORT_FOREIGN', stat);
  // A second name is how a file of somebody else comes into a folder of one's own.
  if (stat.nlink > 1n && !(Number(stat.uid) === uid && stat.uid === folderOwner(path)))
    return refused('CODI_EXPORT_FOREIGN', stat);
  if (Number(stat.size) > sizeLimitBytes) return refused('CODI_EXPORT_TOO_LARGE', stat);
  return undefined;
}

/** Where the kernel says that the open file is: a directory on the way may be a link by now. */
function placeOf(fd: number): BytePath | undefined {
  try {
    return bytePathFromBuffer(readlinkSync(`/proc/self/fd/${fd}`, 'buffer'));
  } catch {
    return undefined; // there is no /proc
  }
}

function isWhereItShould(place: BytePath, path: BytePath, root: BytePath | null): boolean {
  if (root === null || place === path) return place === path;
  return root === '/' || place.startsWith(`${root}/`);
}

function folderOwner(path: BytePath): bigint {
  const folder = path.slice(0, Math.max(1, path.lastIndexOf('/'))) as BytePath;
  return statSync(fsPath(folder), { bigint: true }).uid;
}

function refused(code: Failure['code'], stat: BigIntStats): Failure {
  return { state: 'refused', identity: identityOf(stat), code };
}

function vanished(): Failure {
  return { state: 'vanished', identity: null, code: 'CODI_EXPORT_VANISHED' };
}

function failureOf(error: unknown): Failure {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return vanished();
  if (code === 'ELOOP') return { state: 'refused', identity: null, code: 'CODI_EXPORT_NOT_A_FILE' };
  if (code === 'EACCES' || code === 'EPERM')
    return { state: 'unreadable', identity: null, code: 'CODI_EXPORT_UNREADABLE' };
  throw error;
}
