import type { BytePath } from '../../protocol/byte-path.ts';
import { statToKeep, type Disk } from './disk.ts';
import type { Reconciler } from './reconciler.ts';
import { judgeRoot, locateRoot, type Away, type KnownDevice } from './root-anchor.ts';
import type { RootOptions } from './watch-host.messages.ts';

/** Where a root is on the disk, and whether what is there is still what the index knows. */
export class RootPlace {
  readonly #disk: Disk;
  readonly #path: BytePath;
  readonly #deny: RootOptions['deny'];
  readonly #reconciler: () => Reconciler;
  #covered: KnownDevice['covered'];

  constructor(disk: Disk, path: BytePath, { deny }: RootOptions, reconciler: () => Reconciler) {
    this.#disk = disk;
    this.#path = path;
    this.#deny = deny;
    this.#reconciler = reconciler;
  }

  locate() {
    return locateRoot(this.#disk, this.#path, this.#deny, this.#known());
  }

  /** `other`: another directory took its place. */
  judge(): { state: 'there' | 'other' } | ({ state: 'away' } & Away) {
    const { anchor, tree } = this.#reconciler();
    const verdict = judgeRoot(this.#disk, this.#path, anchor, this.#known());
    if (verdict.state === 'away') return verdict;
    const { stat, children } = tree.root;
    const isOther = stat.ino !== 0n && stat.ino !== verdict.found.ino;
    // An empty one is a mount point that waits for its file system.
    if (isOther && stat.dev !== verdict.found.dev && children?.size)
      this.#covered = { dev: stat.dev, ino: stat.ino };
    tree.restat(tree.root, statToKeep(verdict.found));
    return { state: isOther ? 'other' : 'there' };
  }

  /** What comes next in its place is another one. */
  forget(): void {
    const { tree } = this.#reconciler();
    tree.restat(tree.root, { ...tree.root.stat, ino: 0n });
  }

  #known(): KnownDevice {
    const { root } = this.#reconciler().tree;
    const covered = this.#covered;
    if (root.stat.dev !== 0n) return { dev: root.stat.dev, isSeen: true, covered };
    const [first] = root.children?.values() ?? [];
    return { dev: first?.stat.dev || undefined, isSeen: false, covered };
  }
}
