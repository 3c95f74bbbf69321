import { joinBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileKind } from '../../protocol/file-event.ts';
import type { Disk, EntryStat, NoEntry } from './disk.ts';
import type { EntryFilter } from './entry-filter.ts';
import { GITIGNORE, type Gitignores } from './gitignores.ts';
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
  readonly deny: readonly { dev: bigint; ino: bigint }[];
}

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

  /** What is at a path, ignored or not. */
  look(path: BytePath): EntryStat | NoEntry {
    const found = this.#ports.disk.lstat(this.absolute(path));
    if (typeof found === 'string' || this.#denied.size === 0) return found;
    return this.#denied.has(`${found.dev}:${found.ino}`) ? 'missing' : found;
  }

  /** What is to be recorded of `name` in a directory; `path` leads to it. */
  find(directory: PathNode, name: string, path: BytePath): EntryStat | NoEntry {
    const found = this.#isOutside(path, name) ? 'missing' : this.look(path);
    if (typeof found === 'string') return found;
    return this.#isGitignored(directory, name, found.kind) ? 'missing' : found;
  }

  isIgnored(directory: PathNode, name: string, path: BytePath, kind: FileKind): boolean {
    return this.#isOutside(path, name) || this.#isGitignored(directory, name, kind);
  }

  /** Whether a hint at this name leads nowhere. If it is not known for a directory, it may be anything. */
  isHintIgnored(directory: PathNode, name: string, path: BytePath, isDirectory: boolean): boolean {
    if (this.#ports.gitignores && name === GITIGNORE) return false;
    if (!this.isIgnored(directory, name, path, 'dir')) return false;
    return isDirectory || this.isIgnored(directory, name, path, 'file');
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

  #isOutside(path: BytePath, name: string): boolean {
    const { only } = this.anchor;
    return only === undefined ? this.#ports.filter.isIgnored(path, name) : path !== only;
  }

  #isGitignored(directory: PathNode, name: string, kind: FileKind): boolean {
    if (this.anchor.only !== undefined) return false;
    return this.#ports.gitignores?.isIgnored(directory, name, kind) ?? false;
  }
}
