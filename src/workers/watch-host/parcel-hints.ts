import type {
  AsyncSubscription,
  BackendType,
  Event,
  Options,
  SubscribeCallback,
} from '@parcel/watcher';
import { bytePathFromUtf8, bytePathToBuffer, type BytePath } from '../../protocol/byte-path.ts';
import { DEFAULT_IGNORES } from './default-ignores.ts';
import type { FsHints } from './fs-hints.ts';
import type { HintListener, HintSource, WatchState } from './hints.ts';
import type { PathNode } from './path-tree.ts';
import { inodeKey, type WatchSet } from './watch-set.ts';
import type { WatchBudget } from './watch-budget.ts';

export interface ParcelPorts {
  subscribe(
    directory: string,
    callback: SubscribeCallback,
    options: Options,
  ): Promise<AsyncSubscription>;
  /** Named where the default would first look for another program. */
  backend: BackendType | undefined;
  /** For directories the recursive watcher cannot be trusted with; undefined where it can (not on Linux). */
  lateWatches: FsHints | undefined;
  watchedInodes(): WatchSet | undefined;
  /** Carries out one such work of this process after the other. */
  inTurn<Value>(work: () => Promise<Value>): Promise<Value>;
  budget: WatchBudget;
  /** How many late watches there may be before the subscription is made anew. */
  lateBudget: number;
  useDefaultIgnores: boolean;
}

/** With more paths hinted at before everything was looked through, the source is made anew. */
const EARLY_LIMIT = 10_000;
/** A wake with this many events: the queue may have been longer than the kernel keeps. */
const OVERFLOW_EVENTS = 4_096;
const REPLACEMENT = '\ufffd';

/**
 * One recursive @parcel/watcher subscription: few resources for large trees, late and coarse hints. On Linux it
 * does not see what is in new directories and names moved ones by their old paths, so every directory that came
 * or moved after it started gets a watch of its own.
 */
export class ParcelHints implements HintSource {
  readonly kind = 'parcel';
  readonly #root: BytePath;
  readonly #listener: HintListener;
  readonly #ports: ParcelPorts;
  #subscription: AsyncSubscription | undefined;
  /** Directories the subscription is known to cover; undefined until that was checked. */
  #covered: Set<PathNode> | undefined;
  /** What this process watched before: of that nothing shows whether this subscription watches it, too. */
  #foreign: WatchSet | undefined;
  /** Paths hinted at until then: what lies there may have come, or moved, after it was subscribed to. */
  readonly #early = new Set<BytePath>();
  #isClosed = false;

  constructor(root: BytePath, listener: HintListener, ports: ParcelPorts) {
    this.#root = root;
    this.#listener = listener;
    this.#ports = ports;
  }

  async start(): Promise<void> {
    const bytes = bytePathToBuffer(this.#root);
    const path = bytes.toString('utf8');
    if (!bytes.equals(Buffer.from(path, 'utf8'))) throw new Error('the path is not valid UTF-8');
    // In turn, so that what another one takes meanwhile is not held for its own.
    this.#subscription = await this.#ports.inTurn(() => {
      this.#foreign = this.#ports.lateWatches && this.#ports.watchedInodes();
      return this.#ports.subscribe(path, this.#onEvents, {
        ...(this.#ports.backend && { backend: this.#ports.backend }),
        ignore: this.#ignored(path),
      });
    });
    if (this.#isClosed) await this.#unsubscribe();
  }

  get watchCount(): number {
    return this.#ports.lateWatches?.watchCount ?? 0;
  }

  ensure(directory: PathNode, path: BytePath): WatchState {
    const { lateWatches, lateBudget } = this.#ports;
    if (!lateWatches || !this.#covered || this.#covered.has(directory)) return 'watched';
    if (lateWatches.watchCount >= lateBudget && !lateWatches.has(directory)) {
      this.#listener.onStale();
      return 'unwatched';
    }
    return lateWatches.ensure(directory, path);
  }

  has(directory: PathNode): boolean {
    return this.#ports.lateWatches?.has(directory) ?? false;
  }

  covers(directory: PathNode): boolean {
    return this.#covered === undefined || this.#covered.has(directory) || this.has(directory);
  }

  drop(directory: PathNode): void {
    this.#covered?.delete(directory);
    this.#ports.lateWatches?.drop(directory);
  }

  moved(directory: PathNode): void {
    this.#covered?.delete(directory);
    for (const child of directory.children?.values() ?? [])
      if (child.kind === 'dir') this.moved(child);
  }

  /** It came or moved after the subscription, which then names it, and all below it, by another path or not at all. */
  doubt(directory: PathNode): boolean {
    if (!this.#covered?.has(directory)) return false;
    this.moved(directory);
    return true;
  }

  swept(directories: Iterable<{ node: PathNode; path: BytePath }>): void {
    if (this.#covered || !this.#ports.lateWatches) return;
    const inodes = this.#ports.watchedInodes();
    const { budget } = this.#ports;
    budget.nativeCount = Math.max(0, (inodes?.size ?? 0) - budget.ownCount);
    if (budget.taken > budget.limit) {
      this.#listener.onUnaffordable(
        `a recursive watch takes ${budget.nativeCount} file watches, more than codi's share`,
      );
      return;
    }
    this.#covered = new Set();
    let foreignCount = 0;
    for (const { node, path } of directories) {
      const { parent } = node;
      const isTrusted =
        parent === undefined || (this.#covered.has(parent) && !this.#early.has(path));
      const key = inodeKey(node.stat.ino);
      const isForeign = this.#foreign?.hasInode(key) ?? false;
      if (isForeign && ++foreignCount > this.#ports.lateBudget / 2) return this.#refuseForeign();
      const isListed = inodes?.hasInode(key) ?? true;
      if (isTrusted && isListed && !isForeign) this.#covered.add(node);
      else if (this.ensure(node, path) === 'added') this.#listener.onHint(node, null);
    }
    if (this.#early.size >= EARLY_LIMIT) this.#listener.onStale();
    this.#early.clear();
    this.#foreign = undefined;
  }

  /**
   * The kernel's list is of the whole process: a directory that moved here from another root is in it because of that
   * root's watch, while it is looked for where it was. So what was listed before gets watches of its own. A root that
   * lies in another one of this host, or around it, has too many of them, and nothing would show what is watched.
   */
  #refuseForeign(): void {
    this.#listener.onUnaffordable(
      'other roots of its watch host watch the same directories: what a recursive watch sees of them cannot be checked',
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // Asked for at once: who starts next must not find these watches.
    const isUnsubscribed = this.#ports.inTurn(() => this.#unsubscribe());
    await this.#ports.lateWatches?.close();
    await isUnsubscribed;
    this.#ports.budget.nativeCount = 0; // what other roots hold of it is counted with the next audit
  }

  async #unsubscribe(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    await subscription?.unsubscribe().catch(() => {}); // it is gone either way
  }

  readonly #onEvents = (error: Error | null, events: Event[]): void => {
    if (this.#isClosed) return;
    if (error) {
      this.#listener.onTrouble(error.message);
      return;
    }
    if (events.length >= OVERFLOW_EVENTS) this.#listener.onLost(`${events.length} hints at once`);
    for (const { path } of events) this.#onPath(path);
  };

  /** Names that are not UTF-8 come with replacement characters: look through the last directory that is known. */
  #onPath(text: string): void {
    const damaged = text.indexOf(REPLACEMENT);
    if (damaged < 0) this.#onExactPath(bytePathFromUtf8(text));
    else this.#listener.onSubtree(bytePathFromUtf8(text.slice(0, text.lastIndexOf('/', damaged))));
  }

  #onExactPath(path: BytePath): void {
    if (!this.#covered && this.#early.size < EARLY_LIMIT) this.#early.add(path);
    this.#listener.onPath(path);
  }

  /** Only the default names, as one expression: the native matcher runs every glob on every path. */
  #ignored(root: string): RegExp[] {
    const names = [...DEFAULT_IGNORES.keys()];
    if (!this.#ports.useDefaultIgnores) return [];
    if (root.split('/').some((name) => DEFAULT_IGNORES.has(name))) return [];
    return [
      new RegExp(`/(?:${names.map((name) => name.replaceAll('.', '\\.')).join('|')})(?:/|$)`),
    ];
  }
}
