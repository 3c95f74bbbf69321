import { CodiError } from '../../../protocol/errors.ts';
import { leafOf } from '../block.ts';
import { CanonicalBuffer } from '../canonical.ts';
import type { ProofParts, ProveCommand } from '../notary.messages.ts';
import type { SqliteDatabase } from '../open-database.ts';
import { BlockBytes } from './block-bytes.ts';
import type { BlockTree } from './block-tree.ts';

/** So much of a block goes into one answer, so that it fits into a frame. */
const PIECE_BYTES = 256 * 1024;

/** A database with its tree, and what is signed of it. */
export interface SignedChain {
  database: SqliteDatabase;
  tree: BlockTree;
  /** The newest note, and how many blocks it is about. */
  checkpoint: string;
  size: number;
}

/** The block of an entry. Throws CODI_NOT_FOUND. */
export function blockOf(
  database: SqliteDatabase,
  { database: kind, stream, number }: ProveCommand,
): number {
  const block = new BlockBytes(database, kind).find(stream, number);
  if (block === undefined)
    throw new CodiError('CODI_NOT_FOUND', { what: `entry ${number} in that stream` });
  return block;
}

/**
 * What shows that an entry is in the signed tree. Throws CODI_NOT_FOUND, CODI_TRY_AGAIN when its block is
 * not signed yet, CODI_STORE_CORRUPT when the entry is not what was committed.
 */
export function proveEntry(
  { database, tree, checkpoint, size }: SignedChain,
  command: ProveCommand,
): ProofParts {
  const { database: kind, offset } = command;
  const block = blockOf(database, command);
  if (block >= size)
    throw new CodiError('CODI_TRY_AGAIN', { reason: 'the block of this entry is not signed yet' });
  const blocks = new BlockBytes(database, kind);
  const out = new CanonicalBuffer();
  blocks.append(out, blocks.ranges(block));
  const canonical = out.view();
  const leaf = blocks.block(block)?.leaf;
  if (!leaf || !leafOf([canonical]).equals(leaf)) {
    const reason = `block ${block}: its entries do not match its leaf`;
    throw new CodiError('CODI_STORE_CORRUPT', { path: `${kind}.db`, reason });
  }
  const end = Math.min(canonical.length, offset + PIECE_BYTES);
  return {
    block,
    leaf: leaf.toString('base64'),
    canonical: canonical.subarray(offset, end).toString('base64'),
    next: end < canonical.length ? end : null,
    treeSize: size,
    path: tree.inclusionPath(block, size).map((node) => node.toString('base64')),
    checkpoint,
  };
}
