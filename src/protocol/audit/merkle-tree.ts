/**
 * The Merkle tree of RFC 6962 section 2.1 over the leaves of blocks, without storage: hashes of inner
 * nodes come from a `Subtree` that its caller gives.
 */
import { hash } from 'node:crypto';

export const HASH_BYTES = 32;

/** The root of no leaves: the hash of nothing. */
export const EMPTY_ROOT: Buffer = hash('sha256', '', 'buffer');

/** What an inner node is hashed from: 0x01, left, right. */
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 0x01);

/** The hash over the leaves from `first` up to, not including, `end`; there is at least one. */
export type Subtree = (first: number, end: number) => Buffer;

/** SHA-256(0x01 || left || right): an inner node. */
export function hashChildren(left: Uint8Array, right: Uint8Array): Buffer {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  // As a Buffer, the digest costs four times as much.
  return Buffer.from(hash('sha256', node, 'binary'), 'latin1');
}

/** The largest power of two smaller than `count`: where RFC 6962 splits that many leaves. */
export function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/**
 * A tree that only grows at its right edge. It keeps the roots of its complete subtrees, one for each bit
 * of its size, so a new leaf costs one hash on average and a root at most log2(size).
 */
export class RightEdge {
  readonly #nodes: Buffer[];
  #size: number;

  /** Empty, or what an earlier one of this size had as its `nodes`. Throws RangeError when they cannot belong to it. */
  constructor(size = 0, nodes: readonly Buffer[] = []) {
    if (nodes.length !== onesIn(size)) throw new RangeError('one node for each bit of the size');
    this.#nodes = [...nodes];
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** The roots of its complete subtrees, the largest first. */
  get nodes(): readonly Buffer[] {
    return this.#nodes;
  }

  push(leaf: Buffer): void {
    let root = leaf;
    for (let size = this.#size; size % 2 === 1; size = Math.floor(size / 2))
      root = hashChildren(this.#nodes.pop()!, root);
    this.#nodes.push(root);
    this.#size += 1;
  }

  root(): Buffer {
    return this.#nodes.length === 0
      ? EMPTY_ROOT
      : this.#nodes.reduceRight((right, left) => hashChildren(left, right));
  }
}

function onesIn(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}

/** The hash over leaves that are all at hand. */
export function hashLeaves(leaves: readonly Buffer[]): Buffer {
  const edge = new RightEdge();
  for (const leaf of leaves) edge.push(leaf);
  return edge.root();
}

/** RFC 6962 section 2.1.1, PATH(index, D[size]): what is hashed with the leaf on its way to the root. */
export function inclusionPath(index: number, size: number, subtree: Subtree): Buffer[] {
  const path: Buffer[] = [];
  let first = 0;
  let end = size;
  while (end - first > 1) {
    const middle = first + splitOf(end - first);
    if (index < middle) {
      path.push(subtree(middle, end));
      end = middle;
    } else {
      path.push(subtree(first, middle));
      first = middle;
    }
  }
  return path.reverse();
}

/** The root that a leaf and its path lead to, undefined when the path cannot be one of this leaf. */
export function rootFromInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
): Buffer | undefined {
  if (index >= size) return undefined;
  let root = leaf;
  let at = index;
  let last = size - 1;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      root = hashChildren(sibling, root);
      // The right edge of an incomplete tree has no sibling on these levels.
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else root = hashChildren(root, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : undefined;
}

/** RFC 6962 section 2.1.2, PROOF(before, D[size]): shows that a tree only grew. 0 < before <= size. */
export function consistencyPath(before: number, size: number, subtree: Subtree): Buffer[] {
  const path: Buffer[] = [];
  let first = 0;
  let end = size;
  // Whether the subtree is one that the verifier has computed already from the earlier root.
  let isKnown = true;
  while (end !== before) {
    const middle = first + splitOf(end - first);
    if (before <= middle) {
      path.push(subtree(middle, end));
      end = middle;
    } else {
      path.push(subtree(first, middle));
      first = middle;
      isKnown = false;
    }
  }
  if (!isKnown) path.push(subtree(first, end));
  return path.reverse();
}

/** Whether the tree with root `after` and `size` leaves begins with the one of `before` leaves. */
export function isConsistent(
  before: { size: number; root: Buffer },
  after: { size: number; root: Buffer },
  path: readonly Buffer[],
): boolean {
  if (before.size === 0) return path.length === 0 && before.root.equals(EMPTY_ROOT);
  if (before.size > after.size) return false;
  if (before.size === after.size) return path.length === 0 && before.root.equals(after.root);
  let at = before.size - 1;
  let last = after.size - 1;
  while (at % 2 === 1) {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  const rest = [...path];
  const start = at === 0 ? before.root : rest.shift();
  if (!start) return false;
  let earlier = start;
  let later = start;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      earlier = hashChildren(sibling, earlier);
      later = hashChildren(sibling, later);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else later = hashChildren(later, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && earlier.equals(before.root) && later.equals(after.root);
}
