import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { CodiError } from '../../../protocol/errors.ts';
import { fsPath, type BytePath } from '../../../protocol/byte-path.ts';
import type { FileIdentity } from '../exports.messages.ts';
import { identityOf, isSameFile } from './open-original.ts';

const PIECE_BYTES = 1024 * 1024;
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Whether an open file has so many bytes with this SHA-256 (hex). */
export async function hasContent(fd: number, size: number, checksum: string): Promise<boolean> {
  const hash = createHash('sha256');
  let read = 0;
  for (const piece of piecesOf(fd)) {
    hash.update(piece);
    read += piece.length;
    if (read > size) return false;
  }
  return read === size && hash.digest('hex') === checksum;
}

/** Whether there is a regular file of this size and content. */
export async function isFileWith(path: BytePath, size: number, checksum: string): Promise<boolean> {
  const found = lstatSync(fsPath(path), { throwIfNoEntry: false });
  if (!found?.isFile() || found.size !== size) return false;
  const fd = openSync(fsPath(path), FLAGS);
  try {
    return await hasContent(fd, size, checksum);
  } finally {
    closeSync(fd);
  }
}

/**
 * Copies a file to a name of our own, with its time and mode. When it returns, what is on the disk was read back and is
 * the content with this checksum. Throws CODI_EXPORT_ORIGINAL_KEPT.
 */
export async function copyDurably(
  from: BytePath,
  to: BytePath,
  { identity, checksum }: { identity: FileIdentity; checksum: string },
): Promise<void> {
  const source = openSync(fsPath(from), FLAGS);
  try {
    const stat = fstatSync(source, { bigint: true });
    if (!isSameFile(identityOf(stat), identity)) throw failed('it has changed');
    // What an interrupted run has left under the name that is only for this file.
    rmSync(fsPath(to), { force: true });
    const target = openSync(fsPath(to), 'wx+', 0o600);
    try {
      for (const piece of piecesOf(source)) writeAll(target, piece);
      fchmodSync(target, Number(stat.mode & 0o777n));
      futimesSync(target, Number(stat.atimeNs) / 1e9, Number(stat.mtimeNs) / 1e9);
      fsyncSync(target);
      if (!(await hasContent(target, identity.size, checksum)))
        throw failed('the copy is not what was captured');
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

function* piecesOf(fd: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  for (let position = 0; ;) {
    const count = readSync(fd, buffer, 0, PIECE_BYTES, position);
    if (count === 0) return;
    yield buffer.subarray(0, count);
    position += count;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(fd, bytes, written, bytes.length - written);
}

function failed(reason: string): CodiError {
  return new CodiError('CODI_EXPORT_ORIGINAL_KEPT', { reason });
}
