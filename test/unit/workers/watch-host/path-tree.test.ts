import { expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { IndexStat } from '#codi/protocol/file-event.js';
import { PathTree } from '#codi/workers/watch-host/path-tree.js';

function stat(ino: number, dev = 1): IndexStat {
  return {
    dev: BigInt(dev),
    ino: BigInt(ino),
    size: 0,
    mtimeNs: 0n,
    ctimeNs: 0n,
    mode: 0,
    nlink: 1,
  };
}

const at = bytePathFromUtf8;

test('Entries are found by path, by what is nearest, and by device and inode number.', () => {
  const tree = new PathTree();
  const a = tree.add(tree.root, 'a', 'dir', stat(1));
  const b = tree.add(a, 'b', 'file', stat(2));
  const link = tree.add(tree.root, 'link', 'file', stat(2));
  tree.add(tree.root, 'elsewhere', 'file', stat(2, 9));
  expect(tree.lookup(at('a/b'))).toBe(b);
  expect(tree.lookup(at('a/x'))).toBeUndefined();
  expect(tree.nearest(at('a/x/y'))).toEqual({ node: a, rest: ['x', 'y'] });
  expect(new Set(tree.sameInode(1n, 2n))).toEqual(new Set([b, link]));
  tree.remove(link);
  tree.restat(b, stat(3));
  expect([...tree.sameInode(1n, 2n)]).toEqual([]);
  expect([...tree.sameInode(1n, 3n)]).toEqual([b]);
  expect([tree.files, tree.directories]).toEqual([2, 1]);
});

test('A directory moves with all that is below it.', () => {
  const tree = new PathTree();
  const a = tree.add(tree.root, 'a', 'dir', stat(1));
  const b = tree.add(a, 'b', 'dir', stat(2));
  const c = tree.add(b, 'c', 'file', stat(3));
  tree.move(b, tree.root, 'm');
  expect(tree.pathOf(c)).toBe('m/c');
  expect(tree.lookup(at('a/b'))).toBeUndefined();
  expect([...tree.entries()].map(({ path }) => path).sort()).toEqual(['a', 'm', 'm/c']);
  expect(tree.isInside(c, b)).toBe(true);
  expect(tree.isInside(c, a)).toBe(false);
});

test('What would break the tree throws.', () => {
  const tree = new PathTree();
  const a = tree.add(tree.root, 'a', 'dir', stat(1));
  const b = tree.add(a, 'b', 'file', stat(2));
  expect(() => tree.remove(a)).toThrow();
  expect(() => tree.move(b, tree.root, 'a')).toThrow();
});

test('Hidden directories are not counted until they are revealed.', () => {
  const tree = new PathTree();
  const a = tree.add(tree.root, 'a', 'dir', stat(0), true);
  expect(tree.directories).toBe(0);
  tree.reveal(a, stat(1));
  expect(tree.directories).toBe(1);
});

test('Inode numbers beyond what a double holds are told apart.', () => {
  const tree = new PathTree();
  const large = 2n ** 63n;
  const [one, other] = [large, large + 1n].map((ino) =>
    tree.add(tree.root, `${ino}`, 'file', { ...stat(0), ino }),
  );
  expect([...tree.sameInode(1n, large)]).toEqual([one]);
  expect([...tree.sameInode(1n, large + 1n)]).toEqual([other]);
  tree.remove(one!);
  expect([...tree.sameInode(1n, large)]).toEqual([]);
  expect([...tree.sameInode(1n, large + 1n)]).toEqual([other]);
});
