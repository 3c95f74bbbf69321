import { lstat, readdir } from 'node:fs';
import { fsPath, type BytePath } from '../../protocol/byte-path.ts';

/**
 * Asks the system for what will be looked at soon, so that it has it at hand by then. Nothing is decided by what
 * comes of it. Both end in a later turn, whatever happens. Only directories are opened.
 */
export interface AheadDisk {
  /** What is at a path; a link is not followed. */
  look(path: BytePath, onDone: () => void): void;
  /** The names (latin1) in a directory; undefined when there are none to be had. */
  list(directory: BytePath, onDone: (names: string[] | undefined) => void): void;
}

/** On threads of the process that are not the main one. */
export function nodeAheadDisk(): AheadDisk {
  return {
    look: (path, onDone) => lstat(fsPath(path), () => onDone()),
    list: (directory, onDone) =>
      readdir(fsPath(directory), 'latin1', (error, names) => onDone(error ? undefined : names)),
  };
}
