import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const DESCRIPTORS = '/proc/self/fd';
const DETAILS = '/proc/self/fdinfo';

/**
 * Inode numbers of all directories this process watches, as the kernel lists them
 * (proc(5), /proc/pid/fdinfo, inotify entries). Undefined where there is no such list.
 */
export function watchedInodes(): Set<bigint> | undefined {
  try {
    const inodes = new Set<bigint>();
    for (const descriptor of readdirSync(DESCRIPTORS)) {
      if (!isInotify(descriptor)) continue;
      const text = readFileSync(`${DETAILS}/${descriptor}`, 'utf8');
      for (const [, ino] of text.matchAll(/^inotify wd:\S+ ino:([0-9a-f]+)/gm))
        inodes.add(BigInt(`0x${ino}`));
    }
    return inodes;
  } catch {
    return undefined;
  }
}

function isInotify(descriptor: string): boolean {
  try {
    return readlinkSync(`${DESCRIPTORS}/${descriptor}`).includes('inotify');
  } catch {
    return false;
  }
}
