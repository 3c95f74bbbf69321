import { Dice } from '../simulation.ts';
import { NAME_LIMIT_BYTES, PATH_LIMIT_BYTES, StormPicks } from './storm-picks.ts';
import { parentOf, StormTree, type ModelKind } from './storm-tree.ts';

/** One thing done to the disk or to the programs. Paths are bytes (latin1) below the storm's own folder. */
export type StormOp =
  | { do: 'write' | 'append' | 'truncate'; path: string; size: number }
  | { do: 'mkdir' | 'mkfifo' | 'remove'; path: string }
  | { do: 'rename' | 'link' | 'exchange'; from: string; path: string }
  | { do: 'symlink'; path: string; target: string }
  | { do: 'chmod'; path: string; mode: number }
  /** Other content of the same size, and the time it had before. */
  | { do: 'forge'; path: string }
  /** One byte through a shared mapping, of which the system gives no hint. */
  | { do: 'writeMapped'; path: string }
  | { do: 'flood'; path: string; count: number }
  | { do: 'pause'; ms: number }
  | { do: 'stopHost' | 'contHost' | 'killHost' | 'killDaemon' | 'startDaemon' };

/** Watched folders of a storm; those that others lie in are never moved or removed. */
export const STORM_ROOTS = [
  { path: 'w/one', recursive: true, patterns: [] },
  { path: 'w/one/inner', recursive: true, patterns: [] },
  { path: 'w/flat', recursive: false, patterns: [] },
  { path: 'w/picky', recursive: true, patterns: ['*.txt', 'keep/**'] },
] as const;
export const STORM_IGNORE = ['*.skip', '/gen'];
/** Not watched: trees move in and out of here, and other names of files lie here. */
const OUTSIDE = 'outside';
const FIXED = ['w', OUTSIDE, ...STORM_ROOTS.map(({ path }) => path)];
const ENTRIES_LIMIT = 1_500;

export interface StormSize {
  /** Steps; most are one operation, some are a few that belong together. */
  readonly steps: number;
  /** How often programs are stopped and killed. */
  readonly disturbances: number;
  /** Files made and removed while the host stands still; more than the kernel's queue holds make it overflow. */
  readonly floodFiles: number;
  /** Whoever is not cannot write into a directory without permissions. */
  readonly isRoot: boolean;
}

/** The same seed and size give the same operations. */
export function stormPlan(seed: number, size: StormSize): StormOp[] {
  return new Planner(seed, size).plan();
}

class Planner {
  readonly #dice: Dice;
  readonly #size: StormSize;
  readonly #tree = new StormTree();
  readonly #picks: StormPicks;
  readonly #ops: StormOp[] = [];

  constructor(seed: number, size: StormSize) {
    this.#dice = new Dice(seed);
    this.#size = size;
    this.#picks = new StormPicks(this.#dice, this.#tree, FIXED);
    for (const path of FIXED) this.#tree.add(path, 'dir');
  }

  plan(): StormOp[] {
    const { steps, disturbances } = this.#size;
    const at = new Set<number>();
    while (at.size < disturbances) at.add(1 + this.#dice.below(steps - 1));
    for (let step = 0; step < steps; step++) {
      if (at.has(step)) this.#disturb();
      this.#step();
    }
    return this.#ops;
  }

  #step(): void {
    if (this.#tree.entries.size > ENTRIES_LIMIT) this.#picks.onAny((path) => this.#remove(path));
    void this.#dice.act([
      [12, () => this.#write(this.#picks.newPath(this.#picks.extension()))],
      [10, () => this.#picks.onFile((path) => this.#write(path))],
      [
        4,
        () =>
          this.#picks.onFile((path) =>
            this.#op({ do: 'append', path, size: 1 + this.#dice.below(500) }),
          ),
      ],
      [
        3,
        () =>
          this.#picks.onFile((path) =>
            this.#op({ do: 'truncate', path, size: this.#dice.below(50) }),
          ),
      ],
      [3, () => this.#picks.onFile((path) => this.#op({ do: 'forge', path }))],
      [0.2, () => this.#picks.onFile((path) => this.#op({ do: 'writeMapped', path }))],
      [8, () => this.#makeDirectories()],
      [
        8,
        () =>
          this.#picks.onFile((path) =>
            this.#rename(path, this.#picks.newPath(this.#picks.extension())),
          ),
      ],
      [4, () => this.#picks.onFile((path) => this.#renameOver(path))],
      [6, () => this.#moveDirectory()],
      [3, () => this.#replaceDirectory()],
      [2, () => this.#exchange()],
      [4, () => this.#link()],
      [4, () => this.#symlink()],
      [3, () => this.#chmod()],
      [8, () => this.#picks.onSmall((path) => this.#remove(path))],
      [0.3, () => this.#picks.onAny((path) => this.#remove(path))],
      [3, () => this.#recreate()],
      [3, () => this.#swapKind()],
      [3, () => this.#picks.onFile((path) => this.#save(path))],
      [1, () => this.#make('mkfifo', this.#picks.newPath(), 'other')],
      [3, () => this.#burst()],
      [2, () => this.#op({ do: 'pause', ms: this.#dice.pick([1, 8, 15, 40, 170, 400])! })],
    ]);
  }

  #disturb(): void {
    void this.#dice.act([
      [3, () => this.#whileStopped()],
      [3, () => this.#op({ do: 'killHost' })],
      [2, () => this.#whileDown()],
      [2, () => this.#op({ do: 'killHost' }, { do: 'pause', ms: this.#dice.below(1_500) })],
    ]);
  }

  #whileStopped(): void {
    this.#op({ do: 'stopHost' });
    if (this.#size.floodFiles > 0) this.#flood(this.#size.floodFiles);
    for (let step = this.#dice.below(80); step > 0; step--) this.#step();
    if (this.#dice.chance(0.2)) this.#op({ do: 'pause', ms: 2_500 });
    this.#op({ do: 'contHost' });
  }

  #whileDown(): void {
    this.#op({ do: 'killDaemon' });
    for (let step = this.#dice.below(80); step > 0; step--) this.#step();
    this.#op({ do: 'startDaemon' });
  }

  #flood(count: number): void {
    const path = this.#picks.newPath();
    this.#make('mkdir', path, 'dir');
    this.#op({ do: 'flood', path, count });
  }

  #write(path: string): void {
    const size = this.#dice.below(4) === 0 ? 0 : this.#dice.below(3_000);
    this.#op({ do: 'write', path, size });
    if (!this.#tree.has(path)) this.#tree.add(path, 'file');
  }

  #make(how: 'mkdir' | 'mkfifo', path: string, kind: ModelKind): void {
    this.#op({ do: how, path });
    this.#tree.add(path, kind);
  }

  #makeDirectories(): void {
    let path = this.#picks.newPath();
    for (let depth = 1 + this.#dice.below(4); depth > 0; depth--) {
      this.#make('mkdir', path, 'dir');
      if (this.#dice.chance(0.4)) this.#write(this.#picks.pathIn(path));
      path = this.#picks.pathIn(path);
    }
    if (this.#dice.chance(0.7)) this.#write(path);
  }

  #rename(from: string, path: string): void {
    if (from === path || path.startsWith(`${from}/`)) return;
    if (this.#tree.depthOf(from) - from.length + path.length > PATH_LIMIT_BYTES) return;
    this.#op({ do: 'rename', from, path });
    // Two names of one file: rename(2) does nothing.
    if (!this.#tree.isSameFile(from, path)) this.#tree.move(from, path);
  }

  #renameOver(from: string): void {
    const target = this.#picks.pick((path, kind) => kind === 'file' && path !== from);
    if (target !== undefined) this.#rename(from, target);
  }

  /** In, within and out: the target may be anywhere. Now and then something is written right afterwards. */
  #moveDirectory(): void {
    const from = this.#picks.pick((path, kind) => kind === 'dir' && this.#picks.isFree(path));
    if (from === undefined) return;
    const path = this.#picks.newPath();
    if (path.startsWith(`${from}/`)) return;
    this.#rename(from, path);
    if (this.#dice.chance(0.5)) this.#write(this.#picks.pathIn(path));
  }

  /** Another tree at the path of one that goes: a build that replaces its output. */
  #replaceDirectory(): void {
    const path = this.#picks.pick((at, kind) => kind === 'dir' && this.#picks.isFree(at));
    if (path === undefined) return;
    const other = this.#picks.newPath();
    if (other.startsWith(`${path}/`)) return;
    this.#make('mkdir', other, 'dir');
    this.#write(this.#picks.pathIn(other));
    if (this.#dice.chance(0.2)) this.#remove(path);
    else this.#rename(path, this.#picks.newPath());
    if (this.#tree.has(other) && !this.#tree.has(path)) this.#rename(other, path);
  }

  #exchange(): void {
    const [from, path] = [this.#picks.pickAny(), this.#picks.pickAny()];
    if (from === undefined || path === undefined || from === path) return;
    if (path.startsWith(`${from}/`) || from.startsWith(`${path}/`)) return;
    this.#op({ do: 'exchange', from, path });
    this.#tree.exchange(from, path);
  }

  #link(): void {
    const from = this.#picks.pick((_path, kind) => kind === 'file');
    if (from === undefined) return;
    const path = this.#picks.newPath(this.#picks.extension());
    this.#op({ do: 'link', from, path });
    this.#tree.link(from, path);
  }

  #symlink(): void {
    const targets = ['.', '..', '/', 'nowhere', this.#picks.pickAny() ?? 'x', '../../outside'];
    const old = this.#dice.chance(0.4)
      ? this.#picks.pick((_path, kind) => kind === 'symlink')
      : undefined;
    if (old !== undefined) this.#op({ do: 'remove', path: old });
    const path = old ?? this.#picks.newPath();
    const target = this.#dice.pick([...targets, path.slice(path.lastIndexOf('/') + 1)])!;
    this.#op({ do: 'symlink', path, target });
    this.#tree.add(path, 'symlink');
  }

  #chmod(): void {
    const path = this.#picks.pick(
      (at, kind) => kind === 'file' || (kind === 'dir' && this.#picks.isFree(at)),
    );
    if (path === undefined) return;
    const isDirectory = this.#tree.isDirectory(path);
    const modes = isDirectory && !this.#size.isRoot ? [0o700, 0o755] : [0, 0o700, 0o755, 0o600];
    this.#op({ do: 'chmod', path, mode: this.#dice.pick(modes)! });
    if (this.#dice.chance(0.5) && isDirectory) this.#write(this.#picks.pathIn(path));
    this.#op({ do: 'chmod', path, mode: isDirectory ? 0o755 : 0o644 });
  }

  #remove(path: string): void {
    this.#op({ do: 'remove', path });
    this.#tree.remove(path);
  }

  #recreate(): void {
    this.#picks.onSmall((path) => {
      const isDirectory = this.#tree.isDirectory(path);
      this.#remove(path);
      if (!isDirectory) return this.#write(path);
      this.#make('mkdir', path, 'dir');
      return this.#write(this.#picks.pathIn(path));
    });
  }

  #swapKind(): void {
    this.#picks.onSmall((path) => {
      const wasDirectory = this.#tree.isDirectory(path);
      this.#remove(path);
      if (wasDirectory) return this.#write(path);
      this.#make('mkdir', path, 'dir');
      return this.#write(this.#picks.pathIn(path));
    });
  }

  /** As editors save: another file renamed over, or the old one kept aside. */
  #save(path: string): void {
    const other = `${path}~`;
    if (this.#tree.has(other) || other.length - parentOf(other).length > NAME_LIMIT_BYTES) return;
    if (this.#dice.chance(0.5)) {
      this.#write(other);
      this.#rename(other, path);
    } else {
      this.#rename(path, other);
      this.#write(path);
      this.#remove(other);
    }
  }

  #burst(): void {
    const directory = this.#picks.newPath();
    this.#make('mkdir', directory, 'dir');
    for (let count = this.#dice.below(40); count > 0; count--)
      this.#write(this.#picks.pathIn(directory, this.#picks.extension()));
    if (this.#dice.chance(0.3)) this.#remove(directory);
  }

  #op(...ops: StormOp[]): void {
    this.#ops.push(...ops);
  }
}
