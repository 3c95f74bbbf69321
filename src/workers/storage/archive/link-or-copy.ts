import { constants, copyFileSync, linkSync, rmSync, statSync } from 'node:fs';
import { syncPath } from '../durable-file.ts';

/** Gives a file that never changes a second name, or a copy where that cannot be; one that is there stays. */
export function linkOrCopy(from: string, to: string, bytes: number): void {
  if (statSync(to, { throwIfNoEntry: false })?.size === bytes) return;
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    copyDurably(from, to);
  }
}

/** The copy is on the disk when it returns. */
export function copyDurably(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  syncPath(to);
}
