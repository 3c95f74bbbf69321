/** Leaves that are not those that were signed although their entries are: where the tree tells which ones. */
import { BlockTree } from '../audit/block-tree.ts';
import type { Mark } from '../audit/signed-marks.ts';
import type { SqliteDatabase } from '../open-database.ts';
import type { ArchivedSource } from './archived-source.ts';
import type { SalvageChain } from './salvage-chain.ts';
import type { SalvageTarget } from './salvage-target.ts';

const STEP_LEAVES = 10_000;

interface Leaf {
  n: number;
  leaf: Buffer;
}

/** Whether the chain is, up to there, the one that was signed. Yields after some leaves. */
export function* fits(database: SqliteDatabase, { size, root }: Mark): Generator<void, boolean> {
  const tree = new BlockTree(database);
  while (tree.size < size && tree.grow(Math.min(STEP_LEAVES, size - tree.size)) > 0) yield;
  return tree.size === size && tree.root().equals(root);
}

/**
 * Finds those blocks whose leaves were altered, not their entries: with the right ones the tree is what was signed.
 * Yields after small pieces.
 */
export function* acquitSuspects(
  chain: SalvageChain,
  archived: ArchivedSource,
  target: SalvageTarget,
  mark: Mark,
): Generator<void> {
  if (yield* fits(target.database, mark)) return;
  // A segment holds its leaves and their entries, which bear each other out.
  yield* takeArchivedLeaves(archived, target);
  if (yield* fits(target.database, mark)) return;
  const { suspects } = chain;
  if (suspects.length === 0) return;
  for (const some of [suspects, ...suspects.map((one) => [one])]) {
    const altered = exchange(target, some);
    if (yield* fits(target.database, mark)) return some.forEach((suspect) => chain.acquit(suspect));
    exchange(target, altered);
  }
}

/** Gives archived blocks the leaves that their segments have. */
function* takeArchivedLeaves(archived: ArchivedSource, target: SalvageTarget): Generator<void> {
  for (let n = 0; n <= archived.lastBlock; n++) {
    const block = archived.block(n);
    if (block && !target.leafOf(n).equals(block.leaf)) target.changeLeaf(n, block.leaf);
    yield;
  }
}

/** Gives blocks other leaves; returns those they had. */
function exchange(target: SalvageTarget, leaves: readonly Leaf[]): Leaf[] {
  return leaves.map(({ n, leaf }) => ({ n, leaf: target.changeLeaf(n, leaf) }));
}
