import type { PathNode } from './path-tree.ts';

/** Names with a hint, waiting to be looked at: bounded, whatever comes. */
export class DirtyNames {
  readonly #limitCount: number;
  readonly #names = new Map<PathNode, Set<string>>();
  #count = 0;

  constructor(limitCount: number) {
    this.#limitCount = limitCount;
  }

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  has(directory: PathNode, name: string): boolean {
    return this.#names.get(directory)?.has(name) ?? false;
  }

  /** False when there is no room left; then nothing was added. */
  add(directory: PathNode, name: string): boolean {
    if (this.#count >= this.#limitCount) return false;
    let names = this.#names.get(directory);
    if (!names) this.#names.set(directory, (names = new Set()));
    if (!names.has(name)) {
      names.add(name);
      this.#count += 1;
    }
    return true;
  }

  /** All names, which are forgotten here. */
  take(visit: (directory: PathNode, name: string) => void): void {
    const taken = [...this.#names];
    this.clear();
    for (const [directory, names] of taken) for (const name of names) visit(directory, name);
  }

  clear(): void {
    this.#names.clear();
    this.#count = 0;
  }
}
