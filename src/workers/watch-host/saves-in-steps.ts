import type { HeldNames } from './held-names.ts';
import type { PathNode } from './path-tree.ts';
import { isSaveName } from './save-names.ts';

/** A file that is deleted and made anew, or moved: steps of one program follow each other within this time. */
const BRIEF_MS = 50;

/**
 * Leaves files alone that are being saved in several steps: moved aside and written anew, deleted and written anew,
 * copied and renamed over. Only passes of hints are that patient; sweeps and syncs judge at once.
 */
export class SavesInSteps {
  readonly #held: HeldNames;
  readonly #settleMaxMs: number;
  /** Files whose old self is kept aside: their own changes wait, too. */
  readonly #saving = new Set<PathNode>();
  /** Files beside which a copy came: they may be written in place, in steps, or have it renamed over them at once. */
  readonly #copied = new Set<PathNode>();

  constructor(held: HeldNames, settleMaxMs: number) {
    this.#held = held;
    this.#settleMaxMs = settleMaxMs;
  }

  /** Whether what is at a name is looked at later. */
  isWaiting(directory: PathNode, name: string): boolean {
    if (!this.#held.isHeld(directory, name)) return false;
    const node = directory.children?.get(name);
    return node === undefined || this.#saving.has(node);
  }

  /** Whether what was written into a file is told later, while it is still the same file. */
  isBeingWritten(file: PathNode): boolean {
    return this.#copied.has(file) && this.#held.isHeld(file.parent!, file.name);
  }

  /** A recorded entry is not there any more. A directory waits, too: what was in it may be on its way elsewhere. */
  isHoldingGone({ parent, name }: PathNode): boolean {
    if (!parent) return false;
    return this.#held.isHeld(parent, name) || this.#held.hold(parent, name, BRIEF_MS);
  }

  /** A file has come to a name; `source` is where it was until now, `inode` its number. */
  isHoldingNew(
    directory: PathNode,
    name: string,
    inode: bigint,
    source: PathNode | undefined,
  ): boolean {
    const siblings: PathNode[] = [];
    const isBeside = isSaveName(name, (other) => {
      const file = directory.children?.get(other);
      if (file && file.kind !== 'dir') siblings.push(file);
      return siblings.length > 0 || source?.name === other;
    });
    if (!isBeside && !source) return false;
    const forMs = isBeside ? this.#settleMaxMs : BRIEF_MS;
    if (!this.#held.hold(directory, name, forMs)) return false;
    for (const file of [source, ...siblings]) {
      if (!file?.parent) continue;
      this.#held.hold(file.parent, file.name, forMs);
      if (isBeside) (file.stat.ino === inode ? this.#saving : this.#copied).add(file);
    }
    return true;
  }

  forget(): void {
    this.#copied.clear();
    this.#saving.clear();
  }
}
