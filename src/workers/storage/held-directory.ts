import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { FileIdentity } from './store-gate.ts';

/** Device and inode, by which a directory is the same wherever it lies. */
export interface DirectoryIdentity {
  dev: bigint;
  ino: bigint;
}

/**
 * Throws CodiError when the data directory is not the one that the daemon took: an empty one in its place (a disk that
 * is not mounted any more) must not become a second store.
 */
export function assertHeld(dir: string, identity: DirectoryIdentity): void {
  const found = look(dir);
  if (found.dev !== identity.dev || found.ino !== identity.ino)
    throw unavailable(`${dir} is another directory than the one this daemon took`);
}

/**
 * Also that the file is there, and the one that is open: what is written to one that was removed or replaced goes with
 * the process.
 */
export function assertInPlace(
  dir: string,
  name: string,
  identity: DirectoryIdentity,
  isOpened: (file: FileIdentity) => boolean,
): void {
  try {
    assertHeld(dir, identity);
    const path = join(dir, name);
    if (!isOpened(look(path)))
      throw unavailable(`${path} is another file than the one that is open`);
  } catch (error) {
    // Who may not look cannot tell; what is open can be written all the same.
    if (isCodiError(error)) throw error;
  }
}

/**
 * Throws CodiError on a disk that nothing can be written to. SQLite would open the index of the log (-shm) for reading
 * only then, and share it with every connection this process opens to that database afterwards: as long as one of them
 * stayed, none could write, also when the disk is writable again.
 */
export function assertWritableDisk(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS') throw unavailable(`${path} is on a read-only disk`);
  }
}

function look(path: string): DirectoryIdentity {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!found) throw unavailable(`${path} is gone`);
  return found;
}

function unavailable(reason: string): CodiError {
  return new CodiError('CODI_STORAGE_UNAVAILABLE', { reason });
}
