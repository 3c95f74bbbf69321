import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { syncPath } from '../durable-file.ts';

/** Room of the disk that nothing but getting out of a full disk may use; its bytes mean nothing. */
export const RESERVE_FILE = 'reserve';
/** Synced in pieces, so that a commit's fsync does not wait behind all of it. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** What stat calls a block, whatever the file system's are. */
const STAT_BLOCK_BYTES = 512;

/** The room that the file holds on the disk, which for a sparse one is less than its length. */
export function reservedBytes(dataDir: string): number {
  const found = statSync(join(dataDir, RESERVE_FILE), { throwIfNoEntry: false });
  return found ? Math.min(found.size, found.blocks * STAT_BLOCK_BYTES) : 0;
}

/**
 * Makes the file as long as this: really written, with bytes that no file system can compress or share, and on the
 * disk. What a process left that ended meanwhile is filled up. Returns what it holds now; without room, nothing stays.
 */
export function reserveDisk(dataDir: string, bytes: number): number {
  const path = join(dataDir, RESERVE_FILE);
  if (bytes === 0) {
    rmSync(path, { force: true });
    return 0;
  }
  // Of one with holes nobody knows where they are.
  if (reservedBytes(dataDir) < lengthOf(path)) rmSync(path);
  const descriptor = openSync(path, 'a', 0o600);
  try {
    if (fstatSync(descriptor).size > bytes) ftruncateSync(descriptor, bytes);
    fill(descriptor, bytes);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  syncPath(dataDir);
  return bytes;
}

/** Gives the room back; returns how much it was. */
export function releaseReserve(dataDir: string): number {
  const bytes = reservedBytes(dataDir);
  rmSync(join(dataDir, RESERVE_FILE), { force: true });
  return bytes;
}

function fill(descriptor: number, bytes: number): void {
  const piece = Buffer.allocUnsafe(Math.min(bytes, PIECE_BYTES));
  for (let left = bytes - fstatSync(descriptor).size; left > 0;) {
    const wanted = Math.min(left, piece.length);
    left -= writeSync(descriptor, randomFillSync(piece, 0, wanted), 0, wanted);
    fsyncSync(descriptor);
  }
}

function lengthOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
