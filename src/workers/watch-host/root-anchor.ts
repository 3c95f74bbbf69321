import type { BytePath } from '../../protocol/byte-path.ts';
import type { Disk, EntryStat, NoEntry } from './disk.ts';
import type { Anchor } from './entry-scope.ts';
import type { WatchFailure } from './watch-host.messages.ts';

/** How often a root that is away is looked for. */
export const ROOT_PROBE_MS = 1_000;

/**
 * Why a root cannot be looked at. Only of one that is `root_gone` the entries are gone, too: behind a folder that is
 * closed to us, or where nothing is mounted for now, they may be as they were.
 */
export interface Away {
  readonly gap: 'root_gone' | 'unmounted' | 'unreadable';
  /** In words. */
  readonly reason: string;
}

/** The file system that the root was on, as far as it is known, and whether that was seen since the process started. */
export interface KnownDevice {
  readonly dev: bigint | undefined;
  readonly isSeen: boolean;
  /** The folder that held the root's entries before something was mounted over it. */
  readonly covered: { readonly dev: bigint; readonly ino: bigint } | undefined;
}

export type Located =
  | { state: 'there'; anchor: Anchor }
  | ({ state: 'away' } & Away)
  | ({ state: 'refused'; code: WatchFailure } & Away);

/** Looks where a root is: a directory is listed itself, of a file its directory. */
export function locateRoot(
  disk: Disk,
  path: BytePath,
  deny: readonly { dev: bigint; ino: bigint }[],
  known: KnownDevice,
): Located {
  if (!path.includes('/')) return refused('CODI_PATH_INVALID', 'the path is not absolute');
  const found = disk.lstat(path);
  if (found === 'unreadable') return { state: 'away', ...UNREADABLE };
  if (isUnmounted(disk, path, found, known)) return { state: 'away', ...UNMOUNTED };
  if (found === 'missing') return away(known.isSeen ? GONE : 'it does not exist');
  if (found.kind === 'symlink') return away(LINK);
  if (isDenied(disk, path, deny))
    return refused('CODI_PATH_DENIED', 'it lies in the data directory');
  return {
    state: 'there',
    anchor: found.kind === 'dir' ? { base: path, only: undefined } : fileAnchor(path),
  };
}

/** What has become of a root that was there; `found` is the directory that is listed. */
export function judgeRoot(
  disk: Disk,
  path: BytePath,
  { base, only }: Anchor,
  known: KnownDevice,
): { state: 'there'; found: EntryStat } | ({ state: 'away' } & Away) {
  const found = disk.lstat(base);
  if (found === 'unreadable') return { state: 'away', ...UNREADABLE };
  if (isUnmounted(disk, base, found, known)) return { state: 'away', ...UNMOUNTED };
  if (found === 'missing') return away(GONE);
  if (found.kind !== 'dir')
    return away(found.kind === 'symlink' ? LINK : 'another thing took its place');
  if (only !== undefined) {
    const file = disk.lstat(path);
    if (typeof file !== 'string' && file.kind === 'dir') return away('the file is a directory now');
  }
  return { state: 'there', found };
}

export function fileAnchor(path: BytePath): Anchor {
  const slash = path.lastIndexOf('/');
  return { base: (path.slice(0, slash) || '/') as BytePath, only: path.slice(slash + 1) };
}

const GONE = 'it was deleted or moved away';
const LINK = 'it is a symbolic link';
const UNREADABLE: Away = { gap: 'unreadable', reason: 'it cannot be read' };
const UNMOUNTED: Away = { gap: 'unmounted', reason: 'its file system is not mounted' };

function refused(code: WatchFailure, reason: string): Located {
  return { state: 'refused', code, gap: 'root_gone', reason };
}

function away(reason: string): { state: 'away' } & Away {
  return { state: 'away', gap: 'root_gone', reason };
}

/**
 * A mount point can be neither deleted nor moved away while something is mounted there. So where a root was on another
 * file system than the folder it is in, and is so no longer, that was unmounted. Numbers of file systems may be others
 * after a restart of the machine: if it was not seen by this process, an empty folder only counts. A folder that was the
 * root before something was mounted over it is the root again.
 */
function isUnmounted(
  disk: Disk,
  path: BytePath,
  found: EntryStat | NoEntry,
  { dev, isSeen, covered }: KnownDevice,
): boolean {
  if (dev === undefined || found === 'unreadable') return false;
  const outside = deviceAround(disk, path);
  if (outside === undefined || dev === outside) return false;
  if (found === 'missing') return true;
  if (found.kind !== 'dir' || found.dev !== outside) return false;
  if (found.dev === covered?.dev && found.ino === covered.ino) return false;
  return isSeen || disk.readNames(path).length === 0;
}

/** Of the nearest folder above that is there. */
function deviceAround(disk: Disk, path: BytePath): bigint | undefined {
  for (let at: string = path; at !== '';) {
    at = at.slice(0, at.lastIndexOf('/'));
    const found = disk.lstat((at || '/') as BytePath);
    if (found === 'unreadable') return undefined;
    if (found !== 'missing') return found.dev;
  }
  return undefined;
}

function isDenied(
  disk: Disk,
  path: BytePath,
  deny: readonly { dev: bigint; ino: bigint }[],
): boolean {
  for (let at: string = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = disk.lstat(at as BytePath);
    if (typeof found === 'string') continue;
    const { dev, ino } = found;
    if (deny.some((denied) => denied.dev === dev && denied.ino === ino)) return true;
  }
  return false;
}
