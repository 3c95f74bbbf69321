import type { SeenBy } from '../../protocol/file-event.ts';
import type { Debounce } from './debounce.ts';
import type { HintTraces } from './hint-traces.ts';
import type { PathNode } from './path-tree.ts';
import type { Reconciler } from './reconciler.ts';
import type { SavesInSteps } from './saves-in-steps.ts';

/** Which of the waiting passes goes first. */
export const PRIORITY = { sync: 1, hints: 2, settle: 3, full: 4 } as const;

export interface PassInput {
  readonly seen: SeenBy;
  readonly priority: number;
  readonly onDone?: () => void;
  /** For a pass that leaves alone what is being saved in several steps. */
  readonly saves?: SavesInSteps;
  /** For a pass that leaves alone what waits for more changes. */
  readonly debounce?: Debounce | undefined;
  /** For a pass of hints: what they said of the names it looks at. */
  readonly traces?: HintTraces;
}

/** 'pause': let pending input come in before deciding that something is gone. */
export type StepResult = 'more' | 'pause' | 'done';

interface Listing {
  readonly directory: PathNode;
  readonly names: string[];
  readonly isDeep: boolean;
  next: number;
}

interface Frame {
  readonly node: PathNode;
  readonly children: Iterator<PathNode> | undefined;
}

/** An entry on its way out, and how far the walk through what is below it has come. */
interface Removal {
  readonly top: PathNode;
  readonly walk: Frame[];
}

/**
 * One look at a part of the root, cut into small steps so that others get their turn between any two. New entries
 * are taken in at once; what seems gone is held back to the end, because it may turn up elsewhere: then it moved.
 */
export class SweepPass {
  readonly seen: SeenBy;
  priority: number;
  readonly onDone: () => void;
  stepCount = 0;
  readonly saves: SavesInSteps | undefined;
  readonly traces: HintTraces | undefined;
  readonly debounce: Debounce | undefined;
  readonly #reconciler: Reconciler;
  readonly #names: { directory: PathNode; name: string }[] = [];
  readonly #directories: { directory: PathNode; isDeep: boolean }[] = [];
  #listing: Listing | undefined;
  readonly #gone = new Set<PathNode>();
  /** Names whose entry was taken by another one. */
  readonly #displaced: { directory: PathNode; name: string }[] = [];
  #removal: Removal | undefined;
  /** The directory whose names are being looked at, known to be in place. */
  #trusted: PathNode | undefined;
  #hasPaused = false;
  /** The last step was a pause. */
  isPaused = false;
  /** Directories in which another file has taken the place of one. */
  readonly #replacedIn = new Set<PathNode>();

  constructor(
    reconciler: Reconciler,
    { seen, priority, onDone, saves, traces, debounce }: PassInput,
  ) {
    this.#reconciler = reconciler;
    this.seen = seen;
    this.priority = priority;
    this.onDone = onDone ?? (() => {});
    this.saves = saves;
    this.traces = traces;
    this.debounce = debounce;
  }

  addName(directory: PathNode, name: string): void {
    this.#names.push({ directory, name });
  }

  /** Deep: with all directories below; new ones are always entered. */
  addDirectory(directory: PathNode, isDeep: boolean): void {
    this.#directories.push({ directory, isDeep });
  }

  addGone(node: PathNode): void {
    this.#gone.add(node);
  }

  addDisplaced(directory: PathNode, name: string): void {
    this.#displaced.push({ directory, name });
  }

  addReplacedIn(directory: PathNode): void {
    this.#replacedIn.add(directory);
  }

  hasReplacedIn(directory: PathNode): boolean {
    return this.#replacedIn.has(directory);
  }

  remove(node: PathNode): void {
    this.#removal = { top: node, walk: [frameOf(node)] };
  }

  /** The directory whose names are being looked at, and which of them is next. */
  get listing(): Readonly<Listing> | undefined {
    return this.#listing;
  }

  /** The directories that are listed after it, the last one first. */
  get waiting(): readonly { readonly directory: PathNode }[] {
    return this.#directories;
  }

  step(): StepResult {
    const result = this.#step();
    this.isPaused = result === 'pause';
    return result;
  }

  #step(): StepResult {
    this.stepCount += 1;
    if (this.#removal) this.#stepRemoval(this.#removal);
    else if (this.#listing) this.#stepListing(this.#listing);
    else if (this.#names.length > 0) this.#examineName();
    else if (this.#directories.length > 0) this.#startListing();
    else if (this.#gone.size === 0 && this.#displaced.length === 0) return 'done';
    else if (!this.#hasPaused) {
      this.#hasPaused = true;
      return 'pause';
    } else if (this.#displaced.length > 0) this.#settleDisplaced();
    else this.#settleGone();
    return 'more';
  }

  #examineName(): void {
    const { directory, name } = this.#names.pop()!;
    if (directory !== this.#trusted) {
      this.#trusted = undefined;
      if (!this.#reconciler.isInPlace(directory)) {
        if (directory.parent) this.addName(directory.parent, directory.name);
        return;
      }
      this.#trusted = directory;
    }
    this.#reconciler.noticeRules(directory, name);
    this.#reconciler.examine(this, directory, name, { isDeep: false, isFinal: false });
  }

  #startListing(): void {
    const { directory, isDeep } = this.#directories.pop()!;
    const names = this.#reconciler.list(this, directory, isDeep);
    if (names) this.#listing = { directory, names, isDeep, next: 0 };
  }

  #stepListing(listing: Listing): void {
    const { directory, names, isDeep } = listing;
    const name = names[listing.next];
    if (name === undefined) {
      this.#listing = undefined;
      this.#holdMissing(directory, names);
      this.#reconciler.listed(directory);
      return;
    }
    listing.next += 1;
    this.#reconciler.examine(this, directory, name, { isDeep, isFinal: false });
  }

  #holdMissing(directory: PathNode, names: string[]): void {
    if (!directory.children) return;
    const present = new Set(names);
    for (const child of directory.children.values())
      if (!present.has(child.name)) this.#gone.add(child);
  }

  #settleDisplaced(): void {
    const { directory, name } = this.#displaced.pop()!;
    this.#reconciler.examine(this, directory, name, { isDeep: false, isFinal: true });
  }

  #settleGone(): void {
    const [node] = this.#gone;
    this.#gone.delete(node!);
    if (node!.parent && this.debounce?.isHeld(node!.parent, node!.name)) return;
    // Whoever waits is looked at when that is over.
    if (this.saves?.isHoldingGone(node!) || !this.#reconciler.isGone(node!)) return;
    if (node!.children) this.remove(node!);
    else this.#reconciler.remove(this, node!);
  }

  /** Children first. The top is looked at again each time: it may have come back meanwhile. */
  #stepRemoval({ top, walk }: Removal): void {
    const { tree } = this.#reconciler;
    const frame = walk.at(-1)!;
    const next = frame.children?.next();
    if (!tree.isInside(frame.node, top)) walk.pop();
    else if (next && !next.done) walk.push(frameOf(next.value));
    else if (frame.node.children) walk.splice(-1, 1, frameOf(frame.node));
    else if (this.#reconciler.isGone(top)) {
      walk.pop();
      this.#reconciler.remove(this, frame.node);
    } else {
      walk.length = 0;
      if (tree.isAttached(top)) this.#lookAgain(top);
    }
    if (walk.length === 0) this.#removal = undefined;
  }

  #lookAgain(node: PathNode): void {
    if (node.parent) this.addName(node.parent, node.name);
    if (node.kind === 'dir') this.addDirectory(node, true);
  }
}

function frameOf(node: PathNode): Frame {
  return { node, children: node.children?.values() };
}
