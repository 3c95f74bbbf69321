import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { CanonicalBuffer } from '../canonical.ts';
import { ArchiveSegment, recomputedLeaf, type ArchivedBlock } from './archive-segment.ts';
import { DamagedSegment } from './segment-format.ts';

const READ_BYTES = 256 * 1024;

/** `block`: the first one that is not what it was, when it is known. */
export type SegmentCheck =
  { ok: true; blocks: number; entries: number } | { ok: false; block?: number; reason: string };

/** The leaf of a block as the database has it; undefined when it has none. */
export type KnownLeaf = (block: number) => Buffer | undefined;

/**
 * Recomputes every block of a segment and compares it with the leaves in the file and, where `known` has
 * one, in the database. Reads the file twice.
 */
export function verifySegment(path: string, known: KnownLeaf = () => undefined): SegmentCheck {
  let segment: ArchiveSegment;
  try {
    segment = ArchiveSegment.open(path);
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
  try {
    return verify(segment, known);
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  } finally {
    segment.close();
  }
}

function verify(segment: ArchiveSegment, known: KnownLeaf): SegmentCheck {
  const out = new CanonicalBuffer();
  let next = segment.header.first_block;
  let entries = 0;
  for (const block of segment.blocks()) {
    const reason = block.n === next ? blockReason(block, known, out) : `block ${next} is missing`;
    if (reason !== undefined) return { ok: false, block: next, reason };
    next += 1;
    entries += block.rows.length;
  }
  if (next !== segment.header.last_block + 1)
    return { ok: false, block: next, reason: `block ${next} is missing` };
  // What is wrong with one block was named; this is for the rest: header, index, order of the bytes.
  if (!segment.isIntact()) return { ok: false, reason: 'its bytes do not have its sha256' };
  return { ok: true, blocks: next - segment.header.first_block, entries };
}

function blockReason(
  block: ArchivedBlock,
  known: KnownLeaf,
  out: CanonicalBuffer,
): string | undefined {
  const leaf = recomputedLeaf(block, out);
  if (!leaf.equals(block.leaf)) return 'its entries do not match its leaf';
  const stored = known(block.n);
  if (stored && !leaf.equals(stored)) return 'its leaf is not the one in the ledger';
  return undefined;
}

/** SHA-256 of a whole file. */
export function fileHash(path: string): Buffer {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(READ_BYTES);
    for (let count = readSync(fd, bytes); count > 0; count = readSync(fd, bytes))
      hash.update(bytes.subarray(0, count));
  } finally {
    closeSync(fd);
  }
  return hash.digest();
}

/** Why a segment cannot be read, in words; what has nothing to do with it is thrown on. */
export function reasonOf(error: unknown): string {
  if (error instanceof DamagedSegment || error instanceof RangeError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it is missing';
  if (code !== undefined) return message;
  throw error;
}
