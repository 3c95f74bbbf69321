import type { IndexStat } from '../../protocol/file-event.ts';
import type { EntryStat } from './disk.ts';
import type { PathNode } from './path-tree.ts';

export type Difference = 'none' | 'attrib' | 'update';

/**
 * How the entry at a path differs from what the index has, the kind being the same. The device number alone means
 * nothing: some file systems get another one at each mount. A directory's own times and size change with its
 * entries, which are events of their own; only its mode and its identity count.
 */
export function differenceOf(node: PathNode, found: EntryStat): Difference {
  const old = node.stat;
  if (found.kind === 'dir')
    return old.mode === found.mode && old.ino === found.ino ? 'none' : 'attrib';
  if (!hasSameContent(old, found) || old.ino !== found.ino) return 'update';
  return old.mode === found.mode && old.ctimeNs === found.ctimeNs ? 'none' : 'attrib';
}

/**
 * Whether a file of which only attributes seem to differ may have other content, too: a program can set the
 * modification time back, but not the change time. A new mode or number of links explains that.
 */
export function unsureContent(
  { kind, stat: old }: PathNode,
  found: EntryStat,
): { isContentUnsure?: true } {
  if (kind !== 'file' || old.ctimeNs === found.ctimeNs) return {};
  return old.mode === found.mode && old.nlink === found.nlink ? { isContentUnsure: true } : {};
}

export function hasSameContent(old: IndexStat, now: IndexStat): boolean {
  return old.size === now.size && old.mtimeNs === now.mtimeNs;
}

/**
 * Whether an inode met at a new path is the one the index knows by this number, not a new one that was given the
 * number of a deleted one. The old one was alive at its recorded change time, so an inode born no later than that
 * is the same. Where that does not prove it, a file must at least have its content's size and time; a directory
 * is only believed where the file system keeps no birth times at all (what is below is looked through anyway).
 */
export function isSameInode(node: PathNode, found: EntryStat): boolean {
  if (node.kind !== found.kind || node.stat.ino !== found.ino) return false;
  const { birthtimeNs } = found;
  if (birthtimeNs > 0n && birthtimeNs <= node.stat.ctimeNs) return true;
  return found.kind === 'dir' ? birthtimeNs === 0n : hasSameContent(node.stat, found);
}
