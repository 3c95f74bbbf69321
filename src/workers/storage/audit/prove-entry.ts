import { CodiError } from '../../../protocol/errors.ts';
import { DamagedSegment } from '../archive/segment-format.ts';
import { leafOf } from '../block.ts';
import { CanonicalBuffer } from '../canonical.ts';
import { isWithoutEntries } from '../lost-blocks.ts';
import type { ProofParts, ProveCommand } from '../notary.messages.ts';
import type { SqliteDatabase, StoreKind } from '../open-database.ts';
import { BlockBytes } from './block-bytes.ts';
import type { BlockTree } from './block-tree.ts';

/** So much of a block goes into one answer, so that it fits into a frame. */
const PIECE_BYTES = 256 * 1024;

/** A database with its tree, and what is signed of it. */
export interface SignedChain {
  database: SqliteDatabase;
  dataDir: string;
  tree: BlockTree;
  /** The newest note, and how many blocks it is about. */
  checkpoint: string;
  size: number;
}

/** The block of an entry. Throws CODI_NOT_FOUND. */
export function blockOf(database: SqliteDatabase, dataDir: string, command: ProveCommand): number {
  return withBlocks(database, dataDir, command, (blocks) => find(blocks, command));
}

/**
 * What shows that an entry is in the signed tree, also of one that was archived. Reads inside one transaction
 * of its caller. Throws CODI_NOT_FOUND, also for an entry that retention has deleted, CODI_TRY_AGAIN when its
 * block is not signed yet, CODI_STORE_CORRUPT when the entry is not what was committed.
 */
export function proveEntry(chain: SignedChain, command: ProveCommand): ProofParts {
  const { database, dataDir, tree, checkpoint, size } = chain;
  return withBlocks(database, dataDir, command, (blocks) => {
    const block = find(blocks, command);
    if (block >= size)
      throw new CodiError('CODI_TRY_AGAIN', {
        reason: 'the block of this entry is not signed yet',
      });
    if (blocks.isLeafOnly(block))
      throw new CodiError('CODI_NOT_FOUND', {
        what: `entry ${command.number} any more: retention has deleted it, block ${block} has only its leaf`,
      });
    const lost = blocks.lost(block);
    if (isWithoutEntries(lost))
      throw new CodiError('CODI_ENTRY_LOST', {
        number: command.number,
        block,
        file: `${command.database}.db`,
        found: new Date(lost!.foundMs).toISOString(),
      });
    const { leaf, canonical } = checkedBlock(blocks, block, command.database);
    const end = Math.min(canonical.length, command.offset + PIECE_BYTES);
    return {
      block,
      leaf: leaf.toString('base64'),
      canonical: canonical.subarray(command.offset, end).toString('base64'),
      next: end < canonical.length ? end : null,
      treeSize: size,
      path: tree.inclusionPath(block, size).map((node) => node.toString('base64')),
      checkpoint,
    };
  });
}

function withBlocks<Result>(
  database: SqliteDatabase,
  dataDir: string,
  { database: kind }: ProveCommand,
  use: (blocks: BlockBytes) => Result,
): Result {
  const blocks = new BlockBytes(database, kind, dataDir);
  try {
    return use(blocks);
  } finally {
    blocks.close();
  }
}

function find(blocks: BlockBytes, { stream, number }: ProveCommand): number {
  const block = blocks.find(stream, number);
  if (block === undefined)
    throw new CodiError('CODI_NOT_FOUND', { what: `entry ${number} in that stream` });
  return block;
}

/** A block's bytes, which match its leaf. */
function checkedBlock(
  blocks: BlockBytes,
  block: number,
  kind: StoreKind,
): { leaf: Buffer; canonical: Buffer } {
  const corrupt = (reason: string) =>
    new CodiError('CODI_STORE_CORRUPT', {
      path: `${kind}.db`,
      reason: `block ${block}: ${reason}`,
    });
  const out = new CanonicalBuffer();
  try {
    blocks.append(out, block, blocks.ranges(block));
  } catch (error) {
    if (error instanceof DamagedSegment) throw corrupt(error.message);
    throw error;
  }
  const canonical = out.view();
  const leaf = blocks.block(block)?.leaf;
  if (!leaf || !leafOf([canonical]).equals(leaf))
    throw corrupt('its entries do not match its leaf');
  return { leaf, canonical };
}
