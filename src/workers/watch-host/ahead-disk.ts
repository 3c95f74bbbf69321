import { lstat, readdir } from 'node:fs';
import { fsPath, type BytePath } from '../../protocol/byte-path.ts';

/**
 * Asks the system for what will be looked at soon, so that it has it at hand by then. Nothing is decided by what
 * comes of it. Both end in a later turn, whatever happens; links are not followed, and nothing but directories is opened.
 */
export interface AheadDisk {
  look(path: BytePath, onDone: () => void): void;
  /** The names (latin1) in a directory that still has this inode number; undefined when there are none to be had. */
  list(directory: BytePath, ino: bigint, onDone: (names: string[] | undefined) => void): void;
}

/** On threads of the process that are not the main one. */
export function nodeAheadDisk(): AheadDisk {
  return {
    look: (path, onDone) => lstat(fsPath(path), () => onDone()),
    list(directory, ino, onDone) {
      const path = fsPath(directory);
      // As before a sweep lists one: a link to somewhere else may have taken its place.
      lstat(path, { bigint: true }, (error, found) => {
        if (error || found.ino !== ino || !found.isDirectory()) return onDone(undefined);
        readdir(path, 'latin1', (failure, names) => onDone(failure ? undefined : names));
      });
    },
  };
}
