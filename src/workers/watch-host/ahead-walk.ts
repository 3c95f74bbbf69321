import { joinBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { PathNode } from './path-tree.ts';
import type { Reconciler } from './reconciler.ts';
import type { SweepPass } from './sweep-pass.ts';
import type { LookKind } from './timed-disk.ts';

/** What to look at ahead: a name in a directory, or, without one, the directory itself and its names. */
export interface AheadLook {
  readonly path: BytePath;
  readonly directory: PathNode;
  readonly name: string | undefined;
}

/** How far it goes ahead of a sweep. What was looked at much earlier may be out of the caches when the sweep comes. */
const NAMES_AHEAD = 512;
const DIRECTORIES_AHEAD = 32;
/** Directories of which is remembered how far they were looked at; beyond it all are forgotten and asked for again. */
const PLACES_MAX = 4 * DIRECTORIES_AHEAD;

/** How far a directory was looked at. */
interface Place {
  /** Relative to the root. */
  readonly path: BytePath;
  names: readonly string[];
  next: number;
  /** What is being looked at: names, and undefined for their listing. */
  readonly underWay: Set<string | undefined>;
}

/** Goes ahead of a sweep on the way it will take: over names in directories that the sweep has found and will enter. */
export class AheadWalk {
  readonly #reconciler: Reconciler;
  /** Whether directories are all that is wanted. */
  readonly #kind: LookKind;
  readonly #places = new Map<PathNode, Place>();
  #listed: PathNode | undefined;

  constructor(reconciler: Reconciler, kind: LookKind) {
    this.#reconciler = reconciler;
    this.#kind = kind;
  }

  /** The next look that is worth while; undefined: none for now. */
  next({ listing, waiting }: SweepPass): AheadLook | undefined {
    if (this.#listed && this.#listed !== listing?.directory) this.#places.delete(this.#listed);
    this.#listed = listing?.directory;
    let ahead = 0;
    if (listing) {
      const { directory, names, next } = listing;
      const place = this.#places.get(directory) ?? this.#enter(directory);
      place.names = names;
      place.next = Math.max(place.next, next);
      const found = this.#nextName(directory, place, next + NAMES_AHEAD);
      // While it brings directories, those that it still brings are entered before those that wait now.
      if (found || waiting.at(-1)?.directory.parent === directory) return found;
      ahead = names.length - next;
    }
    const last = waiting.length - 1;
    for (let at = last; at >= 0 && at > last - DIRECTORIES_AHEAD && ahead < NAMES_AHEAD; at--) {
      const { directory } = waiting[at]!;
      const place = this.#places.get(directory);
      if (!place && !this.#isEntered(directory)) continue;
      if (!place) return this.#look(directory, this.#enter(directory), undefined);
      const found = this.#nextName(directory, place, NAMES_AHEAD);
      if (found) return found;
      ahead += place.next;
    }
    return undefined;
  }

  /** It was looked at, and if it was a directory, these are its names. */
  looked({ directory, name }: AheadLook, names: readonly string[] = []): void {
    const place = this.#places.get(directory);
    if (!place?.underWay.delete(name) || name !== undefined) return;
    place.names = names.slice(0, NAMES_AHEAD);
  }

  /** Whether the very next look of the sweep is under way. */
  isUnderWay({ listing, waiting }: SweepPass): boolean {
    const directory = listing?.directory ?? waiting.at(-1)?.directory;
    const place = directory && this.#places.get(directory);
    return place !== undefined && place.underWay.has(listing?.names[listing.next]);
  }

  /** Whether what the sweep looks at next, of the kind that is wanted, was looked at. */
  isAhead({ listing, waiting }: SweepPass): boolean {
    if (this.#kind === 'entry' && listing && listing.next < listing.names.length)
      return (this.#places.get(listing.directory)?.next ?? 0) > listing.next;
    const directory = waiting.at(-1)?.directory;
    return directory !== undefined && this.#places.has(directory);
  }

  /**
   * Whether the sweep will list a directory, as far as is known. Other file systems below the root are left alone:
   * they may be far away, or be mounted by nothing but a look. So is what is there in place of the directory now, perhaps a
   * link to elsewhere; this is seen by a look that waits for nothing, for the sweep has just made it.
   */
  #isEntered(directory: PathNode): boolean {
    const { tree, anchor } = this.#reconciler;
    const { parent, stat } = directory;
    if (!tree.isAttached(directory) || anchor.only !== undefined) return false;
    if (parent && stat.dev !== parent.stat.dev) return false;
    return this.#reconciler.canEnter(directory) && this.#reconciler.isInPlace(directory);
  }

  #enter(directory: PathNode): Place {
    if (this.#places.size >= PLACES_MAX) this.#places.clear();
    const place: Place = {
      path: this.#reconciler.tree.pathOf(directory),
      names: [],
      next: 0,
      underWay: new Set(),
    };
    this.#places.set(directory, place);
    return place;
  }

  #nextName(directory: PathNode, place: Place, end: number): AheadLook | undefined {
    while (this.#kind === 'entry' && place.next < Math.min(place.names.length, end)) {
      const name = place.names[place.next]!;
      place.next += 1;
      if (this.#reconciler.scope.isLookedAt(directory, name, joinBytePath(place.path, name)))
        return this.#look(directory, place, name);
    }
    return undefined;
  }

  #look(directory: PathNode, place: Place, name: string | undefined): AheadLook {
    place.underWay.add(name);
    const path = name === undefined ? place.path : joinBytePath(place.path, name);
    return { path: this.#reconciler.absolute(path), directory, name };
  }
}
