import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord, FileKind, IndexStat } from '../../protocol/file-event.ts';
import { IndexPageReader } from '../../protocol/index-page.ts';
import type { EntryFilter } from './entry-filter.ts';
import { eventTime } from './event-time.ts';
import { UNKNOWN_STAT, type PathNode, type PathTree } from './path-tree.ts';

/**
 * Fills a tree with what is recorded. Rows that the options of today leave out are returned at the end, to be
 * deleted, with everything below them: what is still wanted of that is found again on the disk.
 */
export class IndexLoader {
  readonly #tree: PathTree;
  readonly #filter: EntryFilter;
  readonly #only: string | undefined;
  readonly #unwanted: { path: BytePath; kind: FileKind }[] = [];
  readonly #unwantedDirectories = new Set<string>();
  #device = 0n;
  /** Of the row before: most rows are in the same. Undefined where nothing can be below it. */
  #parent: PathNode | undefined;
  #directory: string | undefined;

  /** `only`: the root is a single file of this name, recorded with an empty path. */
  constructor(tree: PathTree, filter: EntryFilter, only: string | undefined) {
    this.#tree = tree;
    this.#filter = filter;
    this.#only = only;
  }

  /** A page of rows in path order: parents come before what is below them. */
  add(page: Uint8Array): void {
    const row = new IndexPageReader(page);
    while (row.next()) if (!this.#place(row)) this.#reject(row);
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

  #place(row: IndexPageReader): boolean {
    const { directory, name, kind } = row;
    if (this.#only !== undefined) return this.#placeOnly(row, this.#only);
    if (name === '' || name.startsWith('/') || directory.startsWith('/')) return false;
    if (!this.#isWanted(row)) return false;
    const parent = this.#parentAt(directory);
    if (!parent || parent.children?.has(name)) return false;
    this.#tree.add(parent, name, kind, this.#stat(row));
    return true;
  }

  /** In a root that is a file only the empty path has a place. */
  #placeOnly(row: IndexPageReader, only: string): boolean {
    const { root } = this.#tree;
    if (row.path !== '' || root.children?.has(only)) return false;
    this.#tree.add(root, only, row.kind, this.#stat(row));
    return true;
  }

  #stat(row: IndexPageReader): IndexStat {
    const stat = row.stat(this.#device);
    this.#device = stat.dev;
    return stat;
  }

  #parentAt(directory: BytePath): PathNode | undefined {
    if (directory === this.#directory) return this.#parent;
    this.#directory = directory;
    const { node, rest } = this.#tree.nearest(directory);
    this.#parent = node.kind === 'dir' ? node : undefined;
    for (const missing of this.#parent ? rest : [])
      this.#parent = this.#tree.add(this.#parent!, ownCopy(missing), 'dir', UNKNOWN_STAT, true);
    return this.#parent;
  }

  #isWanted({ directory, name, kind, path }: IndexPageReader): boolean {
    const isOut =
      this.#unwantedDirectories.has(directory) ||
      this.#filter.isIgnored(path, name) ||
      !this.#filter.isIncluded(path, name);
    return !isOut || (kind !== 'dir' && this.#filter.isExport(path, name));
  }

  #reject({ path, kind }: IndexPageReader): void {
    this.#unwanted.push({ path, kind });
    if (kind === 'dir' && path !== '') this.#unwantedDirectories.add(path);
  }
}

/** Whether a root's first page is that of a single file, recorded with an empty path. */
export function isOfFile(page: Uint8Array): boolean {
  const row = new IndexPageReader(page);
  return row.next() && row.path === '';
}

/** A part of a split string keeps the whole string alive; the index is to hold names only. */
function ownCopy(name: string): string {
  return Buffer.from(name, 'latin1').toString('latin1');
}
