import { watch, type FSWatcher } from 'node:fs';
import { fsPath, type BytePath } from '../../protocol/byte-path.ts';
import type { HintListener, HintSource, WatchState } from './hints.ts';
import type { PathNode } from './path-tree.ts';
import type { WatchBudget } from './watch-budget.ts';

/** The system has no more watches, watch queues or memory for them. */
const EXHAUSTED = new Map([
  ['ENOSPC', 'the system allows no more file watches (fs.inotify.max_user_watches)'],
  ['EMFILE', 'too many watch queues or open files (fs.inotify.max_user_instances)'],
  ['ENFILE', 'the system has too many open files'],
  ['ENOMEM', 'no memory for file watches'],
  ['ENOSYS', 'the system has no file watches'],
]);
const OVER_BUDGET = "codi's share of the file watches is used up (monitor.watch_share)";

interface Watch {
  readonly watcher: FSWatcher;
  readonly directory: PathNode;
  /** The directory's name when the watch was placed: events about itself carry it. */
  readonly ownName: string;
}

/** One non-recursive fs.watch for each directory: quick and exact, at the price of a watch each. */
export class FsHints implements HintSource {
  readonly kind = 'fs';
  readonly #listener: HintListener;
  readonly #budget: WatchBudget;
  readonly #watches = new Map<PathNode, Watch>();
  readonly #byWatcher = new Map<FSWatcher, Watch>();
  // One of each for all watches: with closures of their own, 10,000 watches take 4 MB more.
  readonly #onChange = onWatcher((watcher, type: string, name: string | null) => {
    const held = this.#byWatcher.get(watcher);
    if (held) this.#changed(held, type, name);
  });
  readonly #onError = onWatcher((watcher) => {
    const held = this.#byWatcher.get(watcher);
    if (!held) return;
    this.drop(held.directory);
    this.#listener.onHint(held.directory, null);
  });
  #isClosed = false;

  constructor(listener: HintListener, budget: WatchBudget) {
    this.#listener = listener;
    this.#budget = budget;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  get watchCount(): number {
    return this.#watches.size;
  }

  has(directory: PathNode): boolean {
    return this.#watches.has(directory);
  }

  covers(directory: PathNode): boolean {
    return this.#watches.has(directory);
  }

  ensure(directory: PathNode, path: BytePath): WatchState {
    if (this.#watches.has(directory)) return 'watched';
    if (this.#isClosed) return 'unwatched';
    if (!this.#budget.take()) {
      this.#listener.onExhausted(OVER_BUDGET);
      return 'unwatched';
    }
    try {
      this.#place(directory, path);
      return 'added';
    } catch (error) {
      this.#budget.give();
      const { code = '' } = error as NodeJS.ErrnoException;
      const reason = EXHAUSTED.get(code);
      if (reason !== undefined) this.#listener.onExhausted(reason);
      return 'unwatched'; // else it is gone, or closed to us: a sweep will see
    }
  }

  drop(directory: PathNode): void {
    const held = this.#watches.get(directory);
    if (!held) return;
    this.#watches.delete(directory);
    this.#byWatcher.delete(held.watcher);
    this.#budget.give();
    held.watcher.close();
  }

  moved(): void {}

  doubt(): boolean {
    return false;
  }

  swept(): void {}

  close(): Promise<void> {
    this.#isClosed = true;
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#budget.give(this.#watches.size);
    this.#watches.clear();
    this.#byWatcher.clear();
    return Promise.resolve();
  }

  #place(directory: PathNode, path: BytePath): void {
    const watcher = watch(fsPath(path), { encoding: 'latin1', persistent: false });
    watcher.on('change', this.#onChange).on('error', this.#onError);
    // The root's own name is the last of its path; the others share theirs with the index.
    const ownName = directory.parent ? directory.name : path.slice(path.lastIndexOf('/') + 1);
    const held = { watcher, directory, ownName };
    this.#watches.set(directory, held);
    this.#byWatcher.set(watcher, held);
  }

  #changed({ directory, ownName }: Watch, type: string, name: string | null): void {
    // Deleted or moved itself (or holds an entry of its own name, which does no harm). Inode numbers are used
    // again: a directory made anew in its place would look the same and have no watch. So place it anew.
    if (type === 'rename' && name === ownName) {
      this.drop(directory);
      const { parent } = directory;
      if (parent) this.#listener.onHint(parent, directory.name);
      this.#listener.onHint(directory, name);
      return;
    }
    this.#listener.onHint(directory, name, type === 'rename' ? 'rename' : 'change');
  }
}

/** A listener that is told whose event it hears. */
function onWatcher<Rest extends unknown[]>(listener: (watcher: FSWatcher, ...rest: Rest) => void) {
  return function (this: FSWatcher, ...rest: Rest): void {
    listener(this, ...rest);
  };
}
