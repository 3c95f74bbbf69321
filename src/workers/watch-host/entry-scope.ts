import { joinBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileKind } from '../../protocol/file-event.ts';
import type { Disk, EntryStat, NoEntry } from './disk.ts';
import type { EntryFilter } from './entry-filter.ts';
import { GITIGNORE, type Gitignores } from './gitignores.ts';
import type { IgnoredSearch } from './ignored-search.ts';
import type { PathNode } from './path-tree.ts';

/** Where the entries are. */
export interface Anchor {
  /** The directory that is listed; absolute. */
  readonly base: BytePath;
  /** The root is a single file of this name in `base`; it is reported with an empty path. */
  readonly only: string | undefined;
}

export interface ScopePorts {
  readonly disk: Disk;
  readonly filter: EntryFilter;
  /** Where `.gitignore` files are obeyed. */
  readonly gitignores: Gitignores | undefined;
  /** How far ignored directories are entered; undefined: not at all. */
  readonly search?: IgnoredSearch | undefined;
  readonly deny: readonly { dev: bigint; ino: bigint }[];
}

/** Look at the name and at its directory, at the name alone, or not at all. */
export type HintRank = 'full' | 'name' | 'none';

/** The disk as far as it belongs to a root: what is ignored, or denied, is as good as missing. */
export class EntryScope {
  anchor: Anchor;
  readonly #ports: ScopePorts;
  readonly #denied: Set<string>;

  constructor(anchor: Anchor, ports: ScopePorts) {
    this.anchor = anchor;
    this.#ports = ports;
    this.#denied = new Set(ports.deny.map(({ dev, ino }) => `${dev}:${ino}`));
  }

  absolute(path: BytePath): BytePath {
    return path === '' ? this.anchor.base : joinBytePath(this.anchor.base, path);
  }

  /** How a path is told: a root that is a single file has an empty one. */
  outward(path: BytePath): BytePath {
    return this.anchor.only === undefined ? path : ('' as BytePath);
  }

  /** What is at a path, ignored or not. */
  look(path: BytePath): EntryStat | NoEntry {
    const found = this.#ports.disk.lstat(this.absolute(path));
    if (typeof found === 'string' || this.#denied.size === 0) return found;
    return this.#denied.has(`${found.dev}:${found.ino}`) ? 'missing' : found;
  }

  /** What is to be recorded, or entered, of `name` in a directory; `path` leads to it. */
  find(directory: PathNode, name: string, path: BytePath): EntryStat | NoEntry {
    const isOutside = this.#isOutside(directory, name, path);
    if (isOutside && !this.#mayCount(directory, name, path)) return 'missing';
    const found = this.look(path);
    if (typeof found === 'string') return found;
    const isIgnored = isOutside || this.#isGitignored(directory, name, found.kind);
    return isIgnored && !this.#counts(directory, name, path, found.kind) ? 'missing' : found;
  }

  /** Whether `find` looks at the disk. */
  isLookedAt(directory: PathNode, name: string, path: BytePath): boolean {
    return !this.#isOutside(directory, name, path) || this.#mayCount(directory, name, path);
  }

  isIgnored(directory: PathNode, name: string, path: BytePath, kind: FileKind): boolean {
    return this.#isNamed(directory, name, path, kind) && !this.#counts(directory, name, path, kind);
  }

  /** Whether nothing is at a path that would be recorded if a file were there. What is denied is there. */
  isMissing(directory: PathNode, name: string, path: BytePath): boolean {
    if (this.isIgnored(directory, name, path, 'file')) return false;
    if (this.anchor.only === undefined && !this.#ports.filter.isIncluded(path, name)) return false;
    return this.#ports.disk.lstat(this.absolute(path)) === 'missing';
  }

  /** When what is at a path was born, in Unix milliseconds: 0 when nobody knows, undefined when nothing is there. */
  birthMs(path: BytePath): number | undefined {
    const found = this.#ports.disk.lstat(this.absolute(path));
    if (found === 'missing') return undefined;
    return found === 'unreadable' ? 0 : Number(found.birthtimeNs / 1_000_000n);
  }

  /** Whether a directory is ignored, but entered all the same, for the exports in it. */
  isSearched(directory: PathNode, name: string, path: BytePath): boolean {
    const { search } = this.#ports;
    if (!search || this.anchor.only !== undefined) return false;
    return this.#isNamed(directory, name, path, 'dir') && this.#isEntered(directory, name);
  }

  /** Takes in what `isSearched` says of a directory now; whether it was otherwise before. */
  noteSearched(directory: PathNode, isSearched: boolean): boolean {
    const { search } = this.#ports;
    const wasSearched = search?.has(directory) ?? false;
    if (isSearched) search?.enter(directory);
    else if (wasSearched) search?.leave(directory);
    return wasSearched !== isSearched;
  }

  /** What a hint at this name is worth. If it is not known for a directory, it may be anything. */
  hintRank(directory: PathNode, name: string, path: BytePath, isDirectory: boolean): HintRank {
    if (this.#ports.gitignores && name === GITIGNORE && !this.#isInSearched(directory))
      return 'full';
    if (!this.#isNamed(directory, name, path, 'dir')) return 'full';
    if (!isDirectory && !this.#isNamed(directory, name, path, 'file')) return 'full';
    const { filter, search } = this.#ports;
    if (search === undefined || this.anchor.only !== undefined) return 'none';
    if (!isDirectory && filter.isExport(path, name)) return 'full';
    return search.mayEnter(directory, name) ? 'name' : 'none';
  }

  /** Reads the `.gitignore` of a directory at `path`; whether other rules hold from now on. */
  readRules(directory: PathNode, path: BytePath): boolean {
    if (this.anchor.only !== undefined) return false;
    return this.#ports.gitignores?.read(directory, this.absolute(path)) ?? false;
  }

  hasRules(directory: PathNode): boolean {
    return this.#ports.gitignores?.has(directory) ?? false;
  }

  dropRules(directory: PathNode): void {
    this.#ports.gitignores?.drop(directory);
  }

  /** Some rule names it. */
  #isNamed(directory: PathNode, name: string, path: BytePath, kind: FileKind): boolean {
    return this.#isOutside(directory, name, path) || this.#isGitignored(directory, name, kind);
  }

  #isOutside(directory: PathNode, name: string, path: BytePath): boolean {
    const { only } = this.anchor;
    if (only !== undefined) return path !== only;
    return this.#isInSearched(directory) || this.#ports.filter.isIgnored(path, name);
  }

  /** In an ignored directory everything is ignored. One that the recorded index led to is not noted yet. */
  #isInSearched(directory: PathNode): boolean {
    const { search, filter } = this.#ports;
    if (!search) return false;
    if (search.has(directory)) return true;
    return directory.isHidden && directory.parent !== undefined && !filter.hasPatterns;
  }

  /** Whether something ignored of this name may be an export, or lead to one. */
  #mayCount(directory: PathNode, name: string, path: BytePath): boolean {
    const { search, filter } = this.#ports;
    if (!search || this.anchor.only !== undefined) return false;
    return search.mayEnter(directory, name) || filter.isExport(path, name);
  }

  #counts(directory: PathNode, name: string, path: BytePath, kind: FileKind): boolean {
    const { search, filter } = this.#ports;
    if (!search || this.anchor.only !== undefined) return false;
    return kind === 'dir' ? this.#isEntered(directory, name) : filter.isExport(path, name);
  }

  #isEntered(directory: PathNode, name: string): boolean {
    const search = this.#ports.search!;
    if (!search.mayEnter(directory, name)) return false;
    const known = directory.children?.get(name);
    return (known !== undefined && search.has(known)) || search.hasRoom();
  }

  #isGitignored(directory: PathNode, name: string, kind: FileKind): boolean {
    if (this.anchor.only !== undefined) return false;
    return this.#ports.gitignores?.isIgnored(directory, name, kind) ?? false;
  }
}
