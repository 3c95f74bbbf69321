import { DEFAULT_IGNORES } from './default-ignores.ts';
import type { PathNode } from './path-tree.ts';

/** How far ignored directories are looked through for exports. */
export interface SearchOptions {
  /** Globs of exports; none: ignored directories are not entered at all. */
  readonly patterns: readonly string[];
  /** Levels of an ignored directory that are entered; of what tools make and remake only its own entries are seen. */
  readonly ignoredDepth: number;
  /** Most directories that are entered so. */
  readonly ignoredDirectories: number;
}

const TOOL_DEPTH = 1;

/**
 * The ignored directories that are entered all the same, because an export may be in them: so many levels, so many
 * directories. Nothing in them is recorded but exports.
 */
export class IgnoredSearch {
  readonly #options: SearchOptions;
  readonly #onFull: () => void;
  /** How many levels below each of them are entered, too. */
  readonly #levels = new Map<PathNode, number>();
  #isFull = false;

  /** `onFull`: from now on there are more of them than are entered, or no more. */
  constructor(options: SearchOptions, onFull: () => void) {
    this.#options = options;
    this.#onFull = onFull;
  }

  has(directory: PathNode): boolean {
    return this.#levels.has(directory);
  }

  /** Whether a directory of this name, which is ignored, or in one that is, is entered. */
  mayEnter(parent: PathNode, name: string): boolean {
    return this.#levelsOf(parent, name) >= 0;
  }

  /** Takes an ignored directory in, or its place anew. */
  enter(directory: PathNode): void {
    if (directory.parent)
      this.#levels.set(directory, this.#levelsOf(directory.parent, directory.name));
  }

  leave(directory: PathNode): void {
    if (this.#levels.delete(directory)) this.#noteFull(false);
  }

  /** Whether another directory can be entered; says so when that is new. */
  hasRoom(): boolean {
    const hasRoom = this.#levels.size < this.#options.ignoredDirectories;
    if (!hasRoom) this.#noteFull(true);
    return hasRoom;
  }

  /** Why not all of them are entered. */
  get problem(): string | undefined {
    if (!this.#isFull) return undefined;
    return `exports are looked for in ${this.#options.ignoredDirectories} ignored folders only (exports.ignored_folders)`;
  }

  #levelsOf(parent: PathNode, name: string): number {
    const above = this.#levels.get(parent) ?? this.#options.ignoredDepth;
    return Math.min(above, DEFAULT_IGNORES.has(name) ? TOOL_DEPTH : above) - 1;
  }

  #noteFull(isFull: boolean): void {
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#onFull();
  }
}
