import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventKind, FileEventRecord, IndexStat } from '../../protocol/file-event.ts';
import { statToKeep, type EntryStat } from './disk.ts';
import { differenceOf, hasSameContent, isSameInode, unsureContent } from './entry-diff.ts';
import { EntryScope, type Anchor, type HintRank } from './entry-scope.ts';
import { eventTime } from './event-time.ts';
import { isPseudoFilesystem } from './filesystem-types.ts';
import { GITIGNORE } from './gitignores.ts';
import { PathTree, UNKNOWN_STAT, type PathNode } from './path-tree.ts';
import type { ExamineMode, ReconcilerPorts } from './reconciler-ports.ts';
import type { SweepPass } from './sweep-pass.ts';

/**
 * Compares the index with the disk, entry by entry, and emits exactly what it changes in the index: folding the
 * events gives the index at any moment, and the index comes to equal the disk. Each call is one small step.
 */
export class Reconciler {
  readonly tree = new PathTree();
  readonly #scope: EntryScope;
  readonly #ports: ReconcilerPorts;
  /** To be told when all names of a directory were looked at. */
  readonly listed: (directory: PathNode) => void;

  constructor(anchor: Anchor, ports: ReconcilerPorts) {
    this.#scope = new EntryScope(anchor, ports);
    this.#ports = ports;
    this.listed = (directory) => ports.unreadable.listed(directory);
  }

  get scope(): EntryScope {
    return this.#scope;
  }

  get anchor(): Anchor {
    return this.#scope.anchor;
  }

  set anchor(anchor: Anchor) {
    this.#scope.anchor = anchor;
  }

  absolute(path: BytePath): BytePath {
    return this.#scope.absolute(path);
  }

  /** What a hint at this name is worth. If it is not known for a directory, it may be anything. */
  hintRank(directory: PathNode, name: string, isDirectory: boolean): HintRank {
    const path = this.tree.pathIn(directory, name);
    return this.#scope.hintRank(directory, name, path, isDirectory);
  }

  /** A hint named this entry: a `.gitignore` may have other rules now. */
  noticeRules(directory: PathNode, name: string): void {
    if (name === GITIGNORE && this.tree.isAttached(directory)) this.#readRules(directory, false);
  }

  /** Looks at one name in a directory and brings the index in line. */
  examine(pass: SweepPass, directory: PathNode, name: string, mode: ExamineMode): void {
    if (!this.tree.isAttached(directory) || pass.saves?.isWaiting(directory, name)) return;
    if (pass.debounce?.isHeld(directory, name)) return;
    const path = this.tree.pathIn(directory, name);
    const node = directory.children?.get(name);
    const found = this.#scope.find(directory, name, path);
    if (found === 'unreadable') return this.#ports.unreadable.note(directory);
    if (found === 'missing') {
      if (node) pass.addGone(node);
      return;
    }
    const isSearched = found.kind === 'dir' && this.#scope.isSearched(directory, name, path);
    if (!node) this.#arrive(pass, directory, name, path, found, isSearched);
    else if (node.kind !== found.kind || (isSearched && !node.isHidden)) {
      if (mode.isFinal) pass.remove(node);
      pass.addDisplaced(directory, name);
    } else if (this.#isOther(pass, node, found) && !mode.isFinal) {
      pass.addDisplaced(directory, name);
    } else if (node.stat.ino !== found.ino || !pass.saves?.isBeingWritten(node))
      this.#keep(pass, node, path, found, mode, isSearched);
  }

  /** Names in a directory, once it is watched; undefined when there is nothing to look through. */
  list(pass: SweepPass, directory: PathNode, isDeep: boolean): string[] | undefined {
    if (!this.tree.isAttached(directory) || !this.canEnter(directory)) return undefined;
    const path = this.tree.pathOf(directory);
    this.#ports.watches.ensure(directory, this.absolute(path));
    // After the watch is placed: it must sit on this very directory, and nothing may be read through a link.
    const found = this.#findInPlace(directory);
    if (!found) {
      this.#ports.watches.drop(directory);
      if (directory.parent) pass.addName(directory.parent, directory.name);
      return undefined;
    }
    const { only } = this.anchor;
    this.#ports.watches.listing(directory, found.mtimeNs);
    this.#ports.unreadable.begin(directory);
    if (only !== undefined) return [only];
    const names = this.#ports.disk.readNames(this.absolute(path));
    if (typeof names !== 'string') {
      if (names.includes(GITIGNORE) || this.#scope.hasRules(directory))
        this.#readRules(directory, isDeep);
      return names;
    }
    if (names === 'unreadable') this.#ports.unreadable.note(directory);
    else if (directory.parent) pass.addName(directory.parent, directory.name);
    return undefined;
  }

  /** Whether an entry of the index is no longer on the disk as what it was. */
  isGone(node: PathNode): boolean {
    if (!node.parent) return false;
    const path = this.tree.pathOf(node);
    if (node.kind === 'dir' && this.#scope.isSearched(node.parent, node.name, path)) {
      if (!node.isHidden) return true;
    } else if (this.#scope.isIgnored(node.parent, node.name, path, node.kind)) return true;
    const found = this.#scope.look(path);
    return found === 'missing' || (found !== 'unreadable' && found.kind !== node.kind);
  }

  /** Takes an entry without children out of the index. */
  remove(pass: SweepPass, node: PathNode): void {
    const path = this.tree.pathOf(node);
    if (node.parent) this.#ports.onLeft(node.parent, node.name);
    this.tree.remove(node);
    if (node.kind === 'dir') {
      this.#ports.watches.drop(node);
      this.#scope.dropRules(node);
      this.#scope.noteSearched(node, false);
    } else this.#lookAtLinks(pass, node);
    if (node.isHidden) return;
    const oldSize = node.kind === 'dir' ? undefined : node.stat.size;
    this.#emit(pass, 'delete', path, node.kind, null, oldSize === undefined ? {} : { oldSize });
  }

  /** Whether the directory is still where the index has it, and not a link to somewhere else. */
  isInPlace(directory: PathNode): boolean {
    return this.#findInPlace(directory) !== undefined;
  }

  /** Whether names may have come or gone in a directory since they were read, of which nobody has to have told. */
  isOutdated(directory: PathNode): boolean {
    if (!this.tree.isAttached(directory) || !this.canEnter(directory)) return false;
    const found = this.#findInPlace(directory);
    return found !== undefined && this.#ports.watches.isOutdated(directory, found.mtimeNs);
  }

  #findInPlace(directory: PathNode): EntryStat | undefined {
    if (!this.tree.isAttached(directory)) return undefined;
    const path = this.tree.pathOf(directory);
    const found = this.#ports.disk.lstat(this.absolute(path));
    if (typeof found === 'string' || found.kind !== 'dir') return undefined;
    return found.ino === directory.stat.ino ? found : undefined;
  }

  /** Another entry of its kind, of which it matters where the one before it is now. */
  #isOther({ saves }: SweepPass, { kind, stat }: PathNode, found: EntryStat): boolean {
    if (stat.ino === found.ino || stat === UNKNOWN_STAT) return false;
    return kind === 'dir' || saves !== undefined;
  }

  /** Whether what is in this directory belongs to the root. */
  canEnter(directory: PathNode): boolean {
    const { parent } = directory;
    if (!parent) return true;
    if (!this.#ports.isRecursive) return false;
    if (directory.stat.dev === parent.stat.dev) return true;
    const path = this.absolute(this.tree.pathOf(directory));
    return !isPseudoFilesystem(this.#ports.disk.filesystemType(path));
  }

  /** `isDeep`: everything below is being looked at anyway. */
  #readRules(directory: PathNode, isDeep: boolean): void {
    const isOther = this.#scope.readRules(directory, this.tree.pathOf(directory));
    if (isOther && !isDeep && directory.children) this.#ports.onNewRules(directory);
  }

  /** The same kind of entry as before: perhaps changed. */
  #keep(
    pass: SweepPass,
    node: PathNode,
    path: BytePath,
    found: EntryStat,
    mode: ExamineMode,
    isSearched: boolean,
  ): void {
    if (node.kind === 'dir' && this.#scope.noteSearched(node, isSearched))
      pass.addDirectory(node, true);
    if (node.isHidden && !isSearched && this.#ports.filter.isIncluded(path, node.name)) {
      this.tree.reveal(node, statToKeep(found));
      this.#emit(pass, 'create', path, node.kind, node.stat);
    }
    const { size: oldSize, mode: oldMode } = node.stat;
    const difference = differenceOf(node, found);
    const isOther = node.stat.ino !== found.ino;
    if (isOther && node.kind !== 'dir' && node.parent) pass.addReplacedIn(node.parent);
    if (difference !== 'none') {
      this.#lookAtLinks(pass, node);
      const extra = difference === 'update' ? { oldSize } : unsureContent(node, found);
      this.tree.restat(node, statToKeep(found));
      if (!node.isHidden) this.#emit(pass, difference, path, node.kind, node.stat, extra);
      this.#lookAtLinks(pass, node);
    } else if (node.stat.dev !== found.dev) this.tree.restat(node, statToKeep(found));
    if (node.kind !== 'dir' || !this.canEnter(node)) return;
    if (isOther) this.#ports.watches.drop(node);
    const state = this.#ports.watches.ensure(node, this.absolute(path));
    // What happened in it while it was closed to us was hinted at in vain.
    const isReopened = (found.mode & ~oldMode & 0o555) !== 0;
    const isDeep = mode.isDeep || isOther || isReopened;
    if (isDeep || state === 'added') pass.addDirectory(node, isDeep);
  }

  #arrive(
    pass: SweepPass,
    directory: PathNode,
    name: string,
    path: BytePath,
    found: EntryStat,
    isSearched: boolean,
  ): void {
    const { filter, onNewDirectory } = this.#ports;
    const isDirectory = found.kind === 'dir';
    const isIncluded =
      this.anchor.only !== undefined || (!isSearched && filter.isIncluded(path, name));
    if (!isDirectory && !isIncluded) return;
    let node = isSearched ? undefined : this.#findMoved(pass, directory, found);
    if (!isDirectory && pass.saves?.isHoldingNew(directory, name, found.ino, node)) return;
    if (node) this.#move(pass, node, directory, name, path, found);
    else {
      node = this.tree.add(directory, name, found.kind, statToKeep(found), !isIncluded);
      if (isIncluded) this.#emit(pass, 'create', path, found.kind, node.stat);
      this.#lookAtLinks(pass, node);
    }
    if (!isDirectory) return;
    if (isSearched) this.#scope.noteSearched(node, true);
    pass.addDirectory(node, node.children !== undefined);
    onNewDirectory(node);
  }

  #move(
    pass: SweepPass,
    node: PathNode,
    directory: PathNode,
    name: string,
    path: BytePath,
    found: EntryStat,
  ): void {
    const from = this.#scope.outward(this.tree.pathOf(node));
    const old = node.stat;
    if (node.parent) this.#ports.onLeft(node.parent, node.name);
    this.tree.move(node, directory, name);
    this.tree.restat(node, statToKeep(found));
    if (node.kind === 'dir') this.#ports.watches.moved(node);
    this.#emit(pass, 'move', path, node.kind, node.stat, { from });
    this.#lookAtLinks(pass, node);
    if (node.kind !== 'dir' && !hasSameContent(old, found))
      this.#emit(pass, 'update', path, node.kind, node.stat, { oldSize: old.size });
  }

  /**
   * The index entry that was at another path until now. A file's old path must be free of files: when another one
   * took it (a log that was rotated, an editor's backup), that path goes on with the new one.
   */
  #findMoved(pass: SweepPass, directory: PathNode, found: EntryStat): PathNode | undefined {
    const { kind, dev, ino } = found;
    if (kind === 'dir' && this.#ports.filter.hasPatterns) return undefined; // told file by file
    for (const node of this.tree.sameInode(dev, ino)) {
      if (!isSameInode(node, found) || this.tree.isInside(directory, node)) continue;
      if (node.isHidden) continue; // it was not recorded, so it has not moved
      const now = this.#scope.look(this.tree.pathOf(node));
      if (now === 'unreadable') continue;
      if (now !== 'missing') {
        if (now.ino === ino && now.dev === dev) continue; // a hard link
        if (kind !== 'dir' && now.kind === kind) continue;
        pass.addName(node.parent!, node.name);
      }
      return node;
    }
    return undefined;
  }

  /** A file with several names changed under one of them: nobody hints at the others. */
  #lookAtLinks(pass: SweepPass, node: PathNode): void {
    if (node.kind === 'dir' || node.stat.nlink < 2) return;
    for (const other of this.tree.sameInode(node.stat.dev, node.stat.ino))
      if (other !== node) pass.addName(other.parent!, other.name);
  }

  #emit(
    pass: SweepPass,
    event: FileEventKind,
    path: BytePath,
    kind: EntryStat['kind'],
    stat: IndexStat | null,
    extra: Pick<FileEventRecord, 'from' | 'oldSize' | 'isContentUnsure'> = {},
  ): void {
    const { seconds, nanos } = eventTime(this.#ports.nowMs());
    const size = stat && kind !== 'dir' ? stat.size : null;
    const { seen } = pass;
    const outward = this.#scope.outward(path);
    this.#ports.emit({ seconds, nanos, event, path: outward, kind, size, stat, seen, ...extra });
  }
}
