import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  consistencyPath,
  EMPTY_ROOT,
  hashLeaves,
  inclusionPath,
  isConsistent,
  RightEdge,
  rootFromInclusion,
  type Subtree,
} from '#codi/protocol/audit/merkle-tree.js';

// The model: RFC 6962 section 2.1, as it stands there, recursion by recursion.

const sha256 = (...parts: Uint8Array[]) =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

function largestPowerBelow(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  const k = largestPowerBelow(leaves.length);
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

function path(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = largestPowerBelow(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

function subproof(m: number, leaves: readonly Buffer[], b: boolean): Buffer[] {
  const n = leaves.length;
  if (m === n) return b ? [] : [mth(leaves)];
  const k = largestPowerBelow(n);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), b), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

const leavesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => sha256(Buffer.from(`leaf ${index}`)));
const subtreeOf =
  (leaves: readonly Buffer[]): Subtree =>
  (first, end) =>
    hashLeaves(leaves.slice(first, end));

const COUNT = 70;
const ALL = leavesOf(COUNT);
const someSize = fc.integer({ min: 1, max: COUNT });

test('a root that grows leaf by leaf is the root of the definition at every size', () => {
  const edge = new RightEdge();
  expect(edge.root()).toEqual(mth([]));
  expect(EMPTY_ROOT).toEqual(mth([]));
  for (const [index, leaf] of ALL.entries()) {
    edge.push(leaf);
    expect(edge.size).toBe(index + 1);
    expect(edge.root()).toEqual(mth(ALL.slice(0, index + 1)));
  }
});

test('an inclusion path is the one of the definition and leads to the root', () => {
  fc.assert(
    fc.property(someSize, fc.nat(), (size, seed) => {
      const leaves = ALL.slice(0, size);
      const index = seed % size;
      const proof = inclusionPath(index, size, subtreeOf(leaves));
      expect(proof).toEqual(path(index, leaves));
      expect(rootFromInclusion(leaves[index]!, index, size, proof)).toEqual(mth(leaves));
    }),
  );
});

test('an inclusion path with anything altered leads nowhere', () => {
  fc.assert(
    fc.property(someSize, fc.nat(), fc.nat(), fc.nat(), (size, seed, at, bit) => {
      const leaves = ALL.slice(0, size);
      const index = seed % size;
      const root = mth(leaves);
      const proof = path(index, leaves);
      const flipped = (hash: Buffer) => {
        const copy = Buffer.from(hash);
        copy[(bit >> 3) % 32]! ^= 1 << (bit & 7);
        return copy;
      };
      expect(rootFromInclusion(flipped(leaves[index]!), index, size, proof)).not.toEqual(root);
      expect(rootFromInclusion(leaves[index]!, size, size, proof)).toBeUndefined();
      expect(rootFromInclusion(leaves[index]!, index, size, [...proof, root])).not.toEqual(root);
      if (proof.length === 0) return;
      const altered = proof.map((node, n) => (n === at % proof.length ? flipped(node) : node));
      expect(rootFromInclusion(leaves[index]!, index, size, altered)).not.toEqual(root);
      expect(rootFromInclusion(leaves[index]!, index, size, proof.slice(1))).not.toEqual(root);
      const other = (index + 1) % size;
      if (other !== index)
        expect(rootFromInclusion(leaves[index]!, other, size, proof)).not.toEqual(root);
    }),
  );
});

test('a consistency proof is the one of the definition and holds', () => {
  fc.assert(
    fc.property(someSize, fc.nat(), (size, seed) => {
      const leaves = ALL.slice(0, size);
      const before = 1 + (seed % size);
      const proof = consistencyPath(before, size, subtreeOf(leaves));
      expect(proof).toEqual(subproof(before, leaves, true));
      const earlier = { size: before, root: mth(leaves.slice(0, before)) };
      expect(isConsistent(earlier, { size, root: mth(leaves) }, proof)).toBe(true);
    }),
  );
});

test('a tree in which one leaf was altered is not consistent with what it was before', () => {
  fc.assert(
    fc.property(someSize, fc.nat(), fc.nat(), (size, seed, at) => {
      const leaves = ALL.slice(0, size);
      const before = 1 + (seed % size);
      const earlier = { size: before, root: mth(leaves.slice(0, before)) };
      const rewritten = leaves.map((leaf, n) => (n === at % before ? sha256(leaf) : leaf));
      const proof = consistencyPath(before, size, subtreeOf(rewritten));
      const later = { size, root: mth(rewritten) };
      expect(isConsistent(earlier, later, proof)).toBe(false);
      if (size > before) expect(isConsistent(later, earlier, proof)).toBe(false);
    }),
  );
});

test('everything is consistent with an empty tree, and only with the true one', () => {
  const later = { size: 5, root: mth(ALL.slice(0, 5)) };
  expect(isConsistent({ size: 0, root: EMPTY_ROOT }, later, [])).toBe(true);
  expect(isConsistent({ size: 0, root: later.root }, later, [])).toBe(false);
});
