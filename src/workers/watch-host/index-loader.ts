import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord, FileKind, IndexRow, IndexStat } from '../../protocol/file-event.ts';
import { statToKeep } from './disk.ts';
import type { EntryFilter } from './entry-filter.ts';
import { eventTime } from './event-time.ts';
import { UNKNOWN_STAT, type PathNode, type PathTree } from './path-tree.ts';

const KINDS: Record<FileKind, FileKind> = {
  file: 'file',
  dir: 'dir',
  symlink: 'symlink',
  other: 'other',
};

/**
 * Fills a tree with what is recorded. Rows that the options of today leave out are returned at the end, to be
 * deleted, with everything below them: what is still wanted of that is found again on the disk.
 */
export class IndexLoader {
  readonly #tree: PathTree;
  readonly #filter: EntryFilter;
  readonly #only: string | undefined;
  readonly #unwanted: IndexRow[] = [];
  #device = 0n;
  readonly #unwantedDirectories = new Set<string | undefined>();

  /** `only`: the root is a single file of this name, recorded with an empty path. */
  constructor(tree: PathTree, filter: EntryFilter, only: string | undefined) {
    this.#tree = tree;
    this.#filter = filter;
    this.#only = only;
  }

  /** Rows in path order: parents come before what is below them. */
  add(rows: readonly IndexRow[]): void {
    for (const row of rows) if (!this.#place(row)) this.#reject(row);
  }

  /** The deletes of the rows that are not wanted, children first. */
  finish(nowMs: number): FileEventRecord[] {
    const time = eventTime(nowMs);
    return this.#unwanted.reverse().map(({ path, kind }) => ({
      ...time,
      event: 'delete',
      path,
      kind,
      size: null,
      seen: 'reconcile',
      stat: null,
    }));
  }

  #place({ path, kind, stat }: IndexRow): boolean {
    const { node, rest } = this.#tree.nearest(
      this.#only === undefined ? path : nameOnly(this.#only, path),
    );
    if (rest.length === 0 || node.kind !== 'dir' || path.startsWith('/')) return false;
    if (this.#only === undefined && !this.#isWanted(path, kind)) return false;
    let parent: PathNode = node;
    const name = rest.pop()!;
    if (name === '') return false;
    for (const missing of rest)
      parent = this.#tree.add(parent, ownCopy(missing), 'dir', UNKNOWN_STAT, true);
    this.#tree.add(parent, ownCopy(name), KINDS[kind], this.#lean(stat));
    return true;
  }

  /** Shares what most entries have in common: a row that came over the channel has its own copy of everything. */
  #lean(stat: IndexStat): IndexStat {
    if (stat.dev !== this.#device) this.#device = stat.dev;
    const ctimeNs = stat.ctimeNs === stat.mtimeNs ? stat.mtimeNs : stat.ctimeNs;
    return statToKeep({ ...stat, dev: this.#device, ctimeNs });
  }

  #isWanted(path: BytePath, kind: FileKind): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (kind !== 'dir' && this.#filter.isExport(path, name)) return true;
    if (this.#unwantedDirectories.has(parentOf(path))) return false;
    return !this.#filter.isIgnored(path, name) && this.#filter.isIncluded(path, name);
  }

  #reject(row: IndexRow): void {
    this.#unwanted.push(row);
    if (row.kind === 'dir') this.#unwantedDirectories.add(row.path);
  }
}

/** In a root that is a file only the empty path has a place. */
function nameOnly(only: string, path: BytePath): BytePath {
  return (path === '' ? only : '') as BytePath;
}

function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? undefined : path.slice(0, slash);
}

/** A part of a split string keeps the whole string alive; the index is to hold names only. */
function ownCopy(name: string): string {
  return Buffer.from(name, 'latin1').toString('latin1');
}
