import { CodiError } from '../../../protocol/errors.ts';
import { leafOf } from '../block.ts';
import { CanonicalBuffer } from '../canonical.ts';
import { BlockBytes } from './block-bytes.ts';
import type { ChainWatch } from './chain-watch.ts';
import type { NotaryCommand, ProofParts } from '../notary.messages.ts';

/** So much of a block goes into one answer, so that it fits into a frame. */
const PIECE_BYTES = 256 * 1024;

type ProveCommand = Extract<NotaryCommand, { type: 'prove' }>;

/**
 * What shows that an entry is in the signed tree. A block that is not signed yet is signed for it.
 * Throws CODI_NOT_FOUND, CODI_TRY_AGAIN while the tree is being built, CODI_STORE_CORRUPT.
 */
export function proveEntry(
  chain: ChainWatch,
  readCheckpoint: () => string | undefined,
  { database: kind, stream, number, offset }: ProveCommand,
): ProofParts {
  const { database } = chain;
  if (!database || !chain.tree)
    throw new CodiError('CODI_TRY_AGAIN', { reason: `the blocks of ${kind}.db are not read yet` });
  const blocks = new BlockBytes(database, kind);
  const block = blocks.find(stream, number);
  if (block === undefined)
    throw new CodiError('CODI_NOT_FOUND', { what: `entry ${number} in that stream` });
  if (block >= chain.signedSize) chain.sign();
  const stored = blocks.block(block);
  const out = new CanonicalBuffer();
  blocks.append(out, blocks.ranges(block));
  const canonical = out.view();
  const { tree, signedSize } = chain;
  const checkpoint = readCheckpoint();
  if (!tree || checkpoint === undefined || block >= signedSize)
    throw new CodiError('CODI_TRY_AGAIN', { reason: 'the block of this entry is not signed yet' });
  if (!stored || !leafOf([canonical]).equals(stored.leaf)) {
    const reason = `block ${block}: its entries do not match its leaf`;
    throw new CodiError('CODI_STORE_CORRUPT', { path: `${kind}.db`, reason });
  }
  const end = Math.min(canonical.length, offset + PIECE_BYTES);
  return {
    block,
    leaf: stored.leaf.toString('base64'),
    canonical: canonical.subarray(offset, end).toString('base64'),
    next: end < canonical.length ? end : null,
    treeSize: signedSize,
    path: tree.inclusionPath(block, signedSize).map((node) => node.toString('base64')),
    checkpoint,
  };
}
