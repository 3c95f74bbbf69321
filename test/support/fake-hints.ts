import type { BytePath } from '#codi/protocol/byte-path.js';
import type { HintType } from '#codi/workers/watch-host/hint-traces.js';
import type { HintListener, HintSource } from '#codi/workers/watch-host/hints.js';
import type { PathNode } from '#codi/workers/watch-host/path-tree.js';
import type { WatchBudget } from '#codi/workers/watch-host/watch-budget.js';
import type { FakeDisk, FakeInode } from './fake-disk.ts';

/** Hints as inotify gives them: queued, and some of them lost when told so. */
export class FakeHints implements HintSource {
  readonly kind: 'fs' | 'parcel';
  readonly #watches = new Map<PathNode, FakeInode>();
  readonly #queue: {
    node: PathNode;
    inode: FakeInode;
    name: string | null;
    type: HintType | undefined;
  }[] = [];
  readonly #disk: FakeDisk;
  readonly #listener: HintListener;
  readonly #budget: WatchBudget;
  /** Watched, as codi believes, but the kernel dropped the watch. */
  readonly deaf = new Set<FakeInode>();

  /** Watched, and listed by the kernel, but nothing is told. */
  readonly silent = new Set<FakeInode>();

  constructor(
    disk: FakeDisk,
    listener: HintListener,
    budget: WatchBudget,
    kind: 'fs' | 'parcel' = 'fs',
  ) {
    this.kind = kind;
    this.#disk = disk;
    this.#listener = listener;
    this.#budget = budget;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }
  get watchCount(): number {
    return this.#watches.size;
  }
  /** A recursive source watches on its own account. */
  has(node: PathNode): boolean {
    return this.kind === 'fs' && this.#watches.has(node);
  }
  covers(node: PathNode): boolean {
    return this.#watches.has(node);
  }
  ensure(node: PathNode, path: BytePath) {
    if (this.#watches.has(node)) return 'watched' as const;
    const inode = this.#disk.find(path);
    if (!inode?.children) return 'unwatched' as const;
    if (!this.#budget.take()) {
      this.#listener.onExhausted('no watches left');
      return 'unwatched' as const;
    }
    this.deaf.delete(inode);
    this.#watches.set(node, inode);
    return 'added' as const;
  }
  drop(node: PathNode): void {
    if (this.#watches.delete(node)) this.#budget.give();
  }
  /** What the kernel lists: all watches but the deaf ones. */
  *listed(): Generator<FakeInode> {
    for (const inode of this.#watches.values()) if (!this.deaf.has(inode)) yield inode;
  }
  moved(): void {}
  doubt(): boolean {
    return false;
  }
  swept(): void {}
  close(): Promise<void> {
    this.#budget.give(this.#watches.size);
    this.#watches.clear();
    return Promise.resolve();
  }

  changed(inode: FakeInode, name: string | null, type?: HintType): void {
    for (const [node, watched] of this.#watches)
      if (watched === inode && !this.deaf.has(inode) && !this.silent.has(inode))
        this.#queue.push({ node, inode, name, type });
  }

  deliver(count: number, isLost: () => boolean): void {
    for (const { node, inode, name, type } of this.#queue.splice(0, count)) {
      if (this.#watches.get(node) !== inode || isLost()) continue;
      if (name === null) {
        this.drop(node);
        if (node.parent) this.#listener.onHint(node.parent, node.name);
      }
      this.#listener.onHint(node, name, type);
    }
  }

  trouble(reason: string): void {
    this.#listener.onTrouble(reason);
  }

  lost(): void {
    this.#listener.onLost('told so');
  }
}
