import type { BytePath } from '../../protocol/byte-path.ts';
import type { RootStatus } from '../../workers/watch-host/watch-host.messages.ts';
import { countOf } from './count-of.ts';

/** One watched root as people see it (`codi watch ls`). Paths are absolute. */
export interface WatchedRoot {
  readonly root: number;
  readonly path: BytePath;
  readonly recursive: boolean;
  readonly patterns: readonly string[];
  /** Kept over restarts of the daemon, as opposed to a path given on the command line. */
  readonly isPersistent: boolean;
  readonly createdAtMs: number;
  readonly state: 'starting' | 'scanning' | 'watching' | 'gone' | 'failed';
  readonly mode: 'native' | 'poll';
  readonly hintSource: 'fs' | 'parcel' | 'none';
  /** Directories polled for want of watches, while the others are watched. */
  readonly polledDirectories: number;
  readonly reason: string | undefined;
  /** The watch host that looks after it. */
  readonly host: string;
  readonly files: number;
  readonly directories: number;
  /** Files whose checksum is still to come, of those that are known to lack one. */
  readonly owed: number;
}

/** What a host tells of a root, as it is shown. */
export function shownStatus(status: RootStatus): Partial<WatchedRoot> {
  const { files, directories, hintSource, mode, polledDirectories, reason } = status;
  return { files, directories, hintSource, mode, polledDirectories, reason };
}

/** How its watcher is shown in the tree. */
export function rootNote(root: WatchedRoot | undefined): { state?: string; note?: string } {
  if (!root) return {};
  const owed = root.owed > 0 ? `, ${countOf(root.owed, 'file')} to be read` : '';
  return { state: root.state, note: countOf(root.files, 'file') + owed };
}

/** What is watched now. Filled by the roots actor and the watchers, read by whoever answers questions. */
export class RootTable {
  readonly #roots = new Map<number, WatchedRoot>();
  readonly #onChange: () => void;
  #isLoaded = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** All roots are known and none is on its way: what was on disk at the start is recorded. */
  get isSettled(): boolean {
    const isUnderWay = (root: WatchedRoot) =>
      root.state === 'starting' || root.state === 'scanning';
    return this.#isLoaded && !this.all().some(isUnderWay);
  }

  /** Whether the stored roots are known; before that an empty table says nothing. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  markLoaded(): void {
    this.#isLoaded = true;
    this.#onChange();
  }

  add(root: WatchedRoot): void {
    this.#roots.set(root.root, root);
    this.#onChange();
  }

  update(root: number, change: Partial<WatchedRoot>): void {
    const known = this.#roots.get(root);
    if (!known) return;
    this.#roots.set(root, { ...known, ...change });
    this.#onChange();
  }

  get(root: number): WatchedRoot | undefined {
    return this.#roots.get(root);
  }

  byPath(path: BytePath): WatchedRoot | undefined {
    for (const root of this.#roots.values()) if (root.path === path) return root;
    return undefined;
  }

  /** The innermost root that holds this absolute path. */
  covering(path: BytePath): WatchedRoot | undefined {
    let best: WatchedRoot | undefined;
    for (const root of this.#roots.values()) {
      const prefix = root.path === '/' ? '/' : `${root.path}/`;
      const isInside = path === root.path || path.startsWith(prefix);
      if (isInside && (!best || root.path.length > best.path.length)) best = root;
    }
    return best;
  }

  remove(root: number): void {
    this.#roots.delete(root);
    this.#onChange();
  }

  clear(): void {
    this.#roots.clear();
    this.#isLoaded = false;
    this.#onChange();
  }

  all(): WatchedRoot[] {
    return [...this.#roots.values()];
  }

  get files(): number {
    return this.all().reduce((sum, root) => sum + root.files, 0);
  }
}
