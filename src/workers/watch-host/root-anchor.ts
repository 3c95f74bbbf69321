import type { BytePath } from '../../protocol/byte-path.ts';
import type { Disk, EntryStat } from './disk.ts';
import type { Anchor } from './entry-scope.ts';
import type { WatchFailure } from './watch-host.messages.ts';

/** How often a root that is away is looked for. */
export const ROOT_PROBE_MS = 1_000;

export type Located =
  | { state: 'there'; anchor: Anchor }
  | { state: 'missing'; reason: string }
  | { state: 'refused'; code: WatchFailure; message: string };

/** Looks where a root is: a directory is listed itself, of a file its directory. */
export function locateRoot(
  disk: Disk,
  path: BytePath,
  deny: readonly { dev: bigint; ino: bigint }[],
): Located {
  if (!path.includes('/'))
    return { state: 'refused', code: 'CODI_PATH_INVALID', message: 'the path is not absolute' };
  const found = disk.lstat(path);
  if (found === 'missing') return { state: 'missing', reason: 'it does not exist' };
  if (found === 'unreadable') return { state: 'missing', reason: 'it cannot be read' };
  if (found.kind === 'symlink') return { state: 'missing', reason: 'it is a symbolic link' };
  if (isDenied(disk, path, deny))
    return { state: 'refused', code: 'CODI_PATH_DENIED', message: 'it lies in the data directory' };
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
): { state: 'there'; found: EntryStat } | { state: 'away'; reason: string } {
  const found = disk.lstat(base);
  if (found === 'unreadable') return { state: 'away', reason: 'it cannot be read' };
  if (found === 'missing' || found.kind !== 'dir')
    return { state: 'away', reason: 'it was deleted or moved away' };
  if (only !== undefined) {
    const file = disk.lstat(path);
    if (typeof file !== 'string' && file.kind === 'dir')
      return { state: 'away', reason: 'the file is a directory now' };
  }
  return { state: 'there', found };
}

export function fileAnchor(path: BytePath): Anchor {
  const slash = path.lastIndexOf('/');
  return { base: (path.slice(0, slash) || '/') as BytePath, only: path.slice(slash + 1) };
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
