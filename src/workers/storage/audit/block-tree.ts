import {
  HASH_BYTES,
  hashChildren,
  hashLeaves,
  inclusionPath,
  RightEdge,
  splitOf,
} from '../../../protocol/audit/merkle-tree.ts';
import type { SqliteDatabase, SqliteStatement } from '../open-database.ts';

/** So many leaves share one hash that is kept, so that a proof reads two tiles at most, not every leaf. */
const TILE_LEAVES = 4_096;

/** The tree cannot be built past a block: it is not there, or has no leaf. */
export class BrokenChain extends Error {
  override readonly name = 'BrokenChain';
}

interface LeafPage {
  count: number;
  first: number | null;
  last: number | null;
  leaves: string | null;
}

/** The tree over a store's blocks, as far as its leaves were read. Memory: 32 bytes for 4,096 blocks. */
export class BlockTree {
  readonly #leaves: SqliteStatement;
  readonly #sizes: SqliteStatement;
  readonly #blockCount: SqliteStatement;
  readonly #edge = new RightEdge();
  readonly #tiles: Buffer[] = [];
  #tile = new RightEdge();

  constructor(database: SqliteDatabase) {
    // In one value: a Buffer for each row costs more than all the rest.
    this.#leaves = database.prepare(`SELECT count(*) AS count, min(n) AS first, max(n) AS last,
      group_concat(hex(leaf), '' ORDER BY n) AS leaves
      FROM (SELECT n, leaf FROM blocks WHERE n >= ? ORDER BY n LIMIT ?)`);
    this.#sizes = database.prepare(
      'SELECT n, length(leaf) AS bytes FROM blocks WHERE n >= ? ORDER BY n LIMIT ?',
    );
    this.#blockCount = database
      .prepare('SELECT coalesce(max(n) + 1, 0) FROM blocks')
      .pluck() as SqliteStatement;
  }

  /** How many leaves are in it. */
  get size(): number {
    return this.#edge.size;
  }

  root(): Buffer {
    return this.#edge.root();
  }

  /** How many blocks are stored now. */
  stored(): number {
    return this.#blockCount.get() as number;
  }

  /** Takes at most `limit` more leaves; returns how many there were. Throws BrokenChain. */
  grow(limit: number): number {
    const leaves = this.#read(this.size, limit);
    for (const leaf of leaves) {
      this.#edge.push(leaf);
      this.#tile.push(leaf);
      if (this.#tile.size < TILE_LEAVES) continue;
      this.#tiles.push(this.#tile.root());
      this.#tile = new RightEdge();
    }
    return leaves.length;
  }

  /** The path of a block in the tree of the first `size` blocks; `size` is at most the tree's. */
  inclusionPath(block: number, size: number): Buffer[] {
    return inclusionPath(block, size, (first, end) => this.#subtree(first, end));
  }

  #subtree(first: number, end: number): Buffer {
    const count = end - first;
    if (count === TILE_LEAVES && first % TILE_LEAVES === 0) {
      const tile = this.#tiles[first / TILE_LEAVES];
      if (tile) return tile;
    }
    if (count <= TILE_LEAVES) {
      const leaves = this.#read(first, count);
      if (leaves.length < count) throw missing(first + leaves.length);
      return hashLeaves(leaves);
    }
    const middle = first + splitOf(count);
    return hashChildren(this.#subtree(first, middle), this.#subtree(middle, end));
  }

  #read(first: number, limit: number): Buffer[] {
    const page = this.#leaves.get(first, limit) as LeafPage;
    if (page.count === 0) return [];
    const bytes = Buffer.from(page.leaves ?? '', 'hex');
    const isDense = page.first === first && page.last === first + page.count - 1;
    if (!isDense || bytes.length !== page.count * HASH_BYTES) throw this.#flawIn(first, limit);
    return Array.from({ length: page.count }, (_, index) =>
      bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
    );
  }

  #flawIn(first: number, limit: number): BrokenChain {
    let expected = first;
    for (const row of this.#sizes.iterate(first, limit) as Iterable<{ n: number; bytes: number }>) {
      if (row.n !== expected) return missing(expected);
      if (row.bytes !== HASH_BYTES) break;
      expected += 1;
    }
    return new BrokenChain(`block ${expected} has no leaf of ${HASH_BYTES} bytes`);
  }
}

function missing(block: number): BrokenChain {
  return new BrokenChain(`block ${block} is missing`);
}
