import { joinBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileKind, IndexStat } from '../../protocol/file-event.ts';

/** One entry of the index. Kept small: a root may have hundreds of thousands. */
export class PathNode {
  parent: PathNode | undefined;
  name: string;
  kind: FileKind;
  stat: IndexStat;
  /** A directory that is entered but not recorded, because no include pattern matches it. */
  isHidden: boolean;
  children: Map<string, PathNode> | undefined = undefined;
  /** The next entry under the same key of inodes (hard links, other devices). */
  nextSameInode: PathNode | undefined = undefined;

  constructor(
    parent: PathNode | undefined,
    name: string,
    kind: FileKind,
    stat: IndexStat,
    isHidden: boolean,
  ) {
    this.parent = parent;
    this.name = name;
    this.kind = kind;
    this.stat = stat;
    this.isHidden = isHidden;
  }
}

/** Stands for a directory of which nothing is known yet but its path. */
export const UNKNOWN_STAT: IndexStat = {
  dev: 0n,
  ino: 0n,
  size: 0,
  mtimeNs: 0n,
  ctimeNs: 0n,
  mode: 0,
  nlink: 0,
};

/** The path index of one root in memory: found by path and by (dev, ino), directories move as one. */
export class PathTree {
  readonly root = new PathNode(undefined, '', 'dir', UNKNOWN_STAT, true);
  /** By number: those of small integers cost a map half of what bigints do. Large ones may share a key. */
  readonly #byInode = new Map<number, PathNode>();
  /** Recorded entries; the root and hidden directories are not counted. */
  files = 0;
  directories = 0;
  /** The directory whose path was asked for last: a sweep asks for that of each of its entries. */
  #lastPath: { directory: PathNode; path: BytePath } | undefined;

  pathOf(node: PathNode): BytePath {
    return node.parent ? this.pathIn(node.parent, node.name) : (node.name as BytePath);
  }

  /** The path of `name` in this directory, whether it is known or not. */
  pathIn(directory: PathNode, name: string): BytePath {
    if (!directory.parent) return name as BytePath;
    if (this.#lastPath?.directory !== directory)
      this.#lastPath = { directory, path: this.#walkUp(directory) };
    return `${this.#lastPath.path}/${name}` as BytePath;
  }

  isAttached(node: PathNode): boolean {
    return node.parent !== undefined || node === this.root;
  }

  lookup(path: BytePath): PathNode | undefined {
    const { node, rest } = this.nearest(path);
    return rest.length === 0 ? node : undefined;
  }

  /** The deepest known entry on the way to `path`, and the names below it that are not known. */
  nearest(path: BytePath): { node: PathNode; rest: string[] } {
    let node = this.root;
    if (path === '') return { node, rest: [] };
    const names = path.split('/');
    for (let index = 0; index < names.length; index++) {
      const child = node.children?.get(names[index]!);
      if (!child) return { node, rest: names.slice(index) };
      node = child;
    }
    return { node, rest: [] };
  }

  /** Entries with this inode number on this device. */
  *sameInode(dev: bigint, ino: bigint): Generator<PathNode> {
    for (let node = this.#byInode.get(Number(ino)); node; node = node.nextSameInode)
      if (node.stat.ino === ino && node.stat.dev === dev) yield node;
  }

  add(parent: PathNode, name: string, kind: FileKind, stat: IndexStat, isHidden = false): PathNode {
    const node = new PathNode(parent, name, kind, stat, isHidden);
    (parent.children ??= new Map()).set(name, node);
    this.#link(node);
    this.#count(node, 1);
    return node;
  }

  restat(node: PathNode, stat: IndexStat): void {
    if (node === this.root || node.stat.ino === stat.ino) {
      node.stat = stat;
      return;
    }
    this.#unlink(node);
    node.stat = stat;
    this.#link(node);
  }

  /** A hidden directory is recorded from now on. */
  reveal(node: PathNode, stat: IndexStat): void {
    this.restat(node, stat);
    node.isHidden = false;
    this.#count(node, 1);
  }

  /** Takes out an entry that has nothing below it. */
  remove(node: PathNode): void {
    if (node.children && node.children.size > 0) throw new Error('removed entry has children');
    this.#detach(node);
    this.#unlink(node);
    this.#count(node, -1);
  }

  /** Hangs an entry, with all below it, under another directory. */
  move(node: PathNode, parent: PathNode, name: string): void {
    if (parent.children?.has(name)) throw new Error('move onto an existing entry');
    this.#detach(node);
    node.parent = parent;
    node.name = name;
    (parent.children ??= new Map()).set(name, node);
  }

  isInside(node: PathNode, ancestor: PathNode): boolean {
    for (let at: PathNode | undefined = node; at; at = at.parent) if (at === ancestor) return true;
    return false;
  }

  /** Every entry but the root, parents before children. */
  *entries(): Generator<{ node: PathNode; path: BytePath }> {
    const pending: { node: PathNode; path: BytePath }[] = [
      { node: this.root, path: '' as BytePath },
    ];
    for (let item = pending.pop(); item; item = pending.pop()) {
      if (item.node !== this.root) yield item;
      for (const child of item.node.children?.values() ?? [])
        pending.push({ node: child, path: joinBytePath(item.path, child.name) });
    }
  }

  /** Every directory, the root and hidden ones included, parents before children. */
  *allDirectories(): Generator<PathNode> {
    const pending: PathNode[] = [this.root];
    for (let node = pending.pop(); node; node = pending.pop()) {
      yield node;
      for (const child of node.children?.values() ?? [])
        if (child.kind === 'dir') pending.push(child);
    }
  }

  #walkUp(directory: PathNode): BytePath {
    let path = directory.name;
    for (let above = directory.parent; above?.parent; above = above.parent)
      path = `${above.name}/${path}`;
    return path as BytePath;
  }

  #detach(node: PathNode): void {
    if (node.kind === 'dir') this.#lastPath = undefined;
    const siblings = node.parent!.children!;
    siblings.delete(node.name);
    if (siblings.size === 0) node.parent!.children = undefined;
    node.parent = undefined;
  }

  #link(node: PathNode): void {
    const key = Number(node.stat.ino);
    node.nextSameInode = this.#byInode.get(key);
    this.#byInode.set(key, node);
  }

  #unlink(node: PathNode): void {
    const key = Number(node.stat.ino);
    const first = this.#byInode.get(key);
    if (first === node) {
      if (node.nextSameInode) this.#byInode.set(key, node.nextSameInode);
      else this.#byInode.delete(key);
    } else {
      let before = first;
      while (before && before.nextSameInode !== node) before = before.nextSameInode;
      if (before) before.nextSameInode = node.nextSameInode;
    }
    node.nextSameInode = undefined;
  }

  #count(node: PathNode, change: number): void {
    if (node.isHidden) return;
    if (node.kind === 'dir') this.directories += change;
    else this.files += change;
  }
}
