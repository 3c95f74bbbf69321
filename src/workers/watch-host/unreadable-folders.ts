import type { BytePath } from '../../protocol/byte-path.ts';
import type { HostClock, Timer } from './host-ports.ts';
import type { PathNode, PathTree } from './path-tree.ts';
import type { RootDoubts } from './root-doubts.ts';

export interface UnreadableFoldersPorts {
  readonly clock: HostClock;
  readonly doubts: RootDoubts;
  tree(): PathTree;
  /** Has a folder looked through soon. */
  touch(directory: PathNode): void;
  /** Has all of the root looked through soon. */
  sweep(): void;
}

const RETRY_MS = 2_000;
/** So many have a gap of their own; what is beyond puts all of the root in doubt. */
const FOLDERS_MAX = 100;

/**
 * Folders that cannot be listed, or whose entries cannot be looked at. What the index has of them is kept, because
 * nobody can say that it is gone; they are tried again and again, and looked through with all below once they open.
 */
export class UnreadableFolders {
  readonly #ports: UnreadableFoldersPorts;
  /** With the path that their gap was opened for; undefined: the root. */
  readonly #held = new Map<PathNode, BytePath | undefined>();
  /** Being listed, without trouble until now. */
  readonly #listing = new Set<PathNode>();
  #hasMore = false;
  #timer: Timer | undefined;

  constructor(ports: UnreadableFoldersPorts) {
    this.#ports = ports;
  }

  /** It, or an entry in it, cannot be looked at. */
  note(directory: PathNode): void {
    this.#listing.delete(directory);
    if (this.#held.has(directory)) return;
    const { doubts, tree } = this.#ports;
    if (this.#held.size >= FOLDERS_MAX) {
      if (!this.#hasMore) doubts.open('unreadable', undefined, `more than ${FOLDERS_MAX} folders`);
      this.#hasMore = true;
      return;
    }
    const path = directory.parent ? tree().pathOf(directory) : undefined;
    this.#held.set(directory, path);
    doubts.open('unreadable', path, 'it cannot be read');
    this.#arm();
  }

  begin(directory: PathNode): void {
    if (this.#held.has(directory)) this.#listing.add(directory);
  }

  /** All names in it were looked at. */
  listed(directory: PathNode): void {
    if (this.#listing.delete(directory)) this.#end(directory);
  }

  stop(): void {
    if (this.#timer) this.#ports.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
    this.#listing.clear();
    this.#hasMore = false;
  }

  /** What is in it, and below, is found by the sweep that follows. */
  #end(directory: PathNode): void {
    const { doubts, sweep } = this.#ports;
    doubts.over('unreadable', this.#held.get(directory));
    this.#held.delete(directory);
    if (this.#hasMore) doubts.over('unreadable');
    this.#hasMore = false;
    sweep();
  }

  #arm(): void {
    this.#timer ??= this.#ports.clock.setTimeout(() => this.#retry(), RETRY_MS);
  }

  #retry(): void {
    this.#timer = undefined;
    const { tree, touch } = this.#ports;
    for (const directory of [...this.#held.keys()]) {
      if (tree().isAttached(directory)) touch(directory);
      else this.#end(directory);
    }
    if (this.#held.size > 0) this.#arm();
  }
}
