import type { PathNode } from './path-tree.ts';

/** `rename`: the name came or went. `change`: content or attributes of what is there. */
export type HintType = 'rename' | 'change';

/** What the hints said of one name since it was last looked at. */
export interface HintTrace {
  readonly directory: PathNode;
  readonly name: string;
  /** The index had something at this name when the trace began. */
  readonly isOfKnown: boolean;
  renames: number;
  changes: number;
  /** Unix milliseconds of the first and the last hint. */
  readonly firstMs: number;
  lastMs: number;
  /** Named by the very next hint, also a `rename`: the two may be the halves of one move. */
  next: HintTrace | undefined;
}

/** Traces by name, in the order in which they began: bounded by whoever adds to them. */
export class HintTraces {
  readonly #traces = new Map<PathNode, Map<string, HintTrace>>();

  find(directory: PathNode, name: string): HintTrace | undefined {
    return this.#traces.get(directory)?.get(name);
  }

  add(trace: HintTrace): void {
    const names = this.#traces.get(trace.directory);
    if (names) names.set(trace.name, trace);
    else this.#traces.set(trace.directory, new Map([[trace.name, trace]]));
  }

  delete(directory: PathNode, name: string): void {
    const names = this.#traces.get(directory);
    if (names?.delete(name) && names.size === 0) this.#traces.delete(directory);
  }

  *[Symbol.iterator](): Generator<HintTrace> {
    for (const names of this.#traces.values()) yield* names.values();
  }

  clear(): void {
    this.#traces.clear();
  }
}
