import type { DebugSubscriptions } from '../protocol/debug/verbs.ts';
import { treeLines } from './tree-lines.ts';
import { TreeModel } from './tree-model.ts';
import type { Style } from './style.ts';

interface TreeWatchState {
  /** Grows with every change, so that a view notices. */
  version: number;
  scroll: number;
  isConnected: boolean;
}

/** The tree of `codi tree --watch` on a screen: it follows the changes, and can be scrolled. */
export class TreeWatch {
  readonly #listeners = new Set<() => void>();
  readonly #quit = new AbortController();
  #model: TreeModel | undefined;
  #state: TreeWatchState = { version: 0, scroll: 0, isConnected: true };

  readonly state = (): TreeWatchState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Aborted when the person wants no more. */
  get quitSignal(): AbortSignal {
    return this.#quit.signal;
  }

  quit(): void {
    this.#quit.abort();
  }

  take(event: DebugSubscriptions['watch_tree']['event']): void {
    if (event.kind === 'snapshot') this.#model = new TreeModel(event.root);
    else for (const delta of event.deltas) this.#model?.apply(delta);
    this.#set({ version: this.#state.version + 1 });
  }

  setConnected(isConnected: boolean): void {
    this.#set({ isConnected });
  }

  lines(options: { style: Style; nowMs: number; columns: number }): string[] {
    return this.#model ? treeLines(this.#model.root, options) : ['waiting for the daemon …'];
  }

  press(key: string, page: number): void {
    if (key === 'q' || key === 'escape') return this.quit();
    const steps: Readonly<Record<string, number>> = {
      up: -1,
      down: 1,
      pageUp: -page,
      pageDown: page,
      home: Number.NEGATIVE_INFINITY,
      end: Number.POSITIVE_INFINITY,
    };
    const step = Object.hasOwn(steps, key) ? (steps[key] ?? 0) : 0;
    const last = Math.max(0, this.#size - page);
    this.#set({ scroll: Math.max(0, Math.min(this.#state.scroll + step, last)) });
  }

  get #size(): number {
    return this.#model?.size ?? 0;
  }

  #set(change: Partial<TreeWatchState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
