import { createHash } from 'node:crypto';
import { joinBytePath, showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileKind } from '../../protocol/file-event.ts';
import type { Disk } from './disk.ts';
import { parseGitignore, type GitignoreRules } from './gitignore-rules.ts';
import type { PathNode } from './path-tree.ts';

export const GITIGNORE = '.gitignore';

const SIZE_LIMIT_BYTES = 64 * 1_024;
/** Of all files of a root together; what comes later is not applied. */
const PATTERN_LIMIT = 10_000;

interface Held {
  /** Of the content that was read; empty when there was none to read. */
  readonly digest: string;
  readonly rules?: GitignoreRules | undefined;
  /** Why the file is not applied. */
  readonly problem?: string | undefined;
}

const TOO_MANY: Held = {
  digest: '',
  problem: `is not applied: ${PATTERN_LIMIT} patterns of other files are`,
};

/** The `.gitignore` files of a root, each known by the index entry of its directory, so that they move with it. */
export class Gitignores {
  readonly #disk: Disk;
  readonly #onProblem: () => void;
  readonly #held = new Map<PathNode, Held>();
  #patternCount = 0;

  /** `onProblem`: another file, or none, cannot be applied from now on. */
  constructor(disk: Disk, onProblem: () => void) {
    this.#disk = disk;
    this.#onProblem = onProblem;
  }

  has(directory: PathNode): boolean {
    return this.#held.has(directory);
  }

  /** Reads the file of a directory (`path` is absolute); whether other rules hold from now on. */
  read(directory: PathNode, path: BytePath): boolean {
    const held = this.#held.get(directory);
    const found = this.#load(joinBytePath(path, GITIGNORE), held);
    if (found === held) return false;
    this.drop(directory);
    const now = found && this.#fitting(found);
    if (now) {
      this.#held.set(directory, now);
      this.#patternCount += now.rules?.patternCount ?? 0;
    }
    if (held?.problem !== now?.problem) this.#onProblem();
    return held?.rules !== undefined || now?.rules !== undefined;
  }

  drop(directory: PathNode): void {
    this.#patternCount -= this.#held.get(directory)?.rules?.patternCount ?? 0;
    this.#held.delete(directory);
  }

  /** The deepest file that has an opinion decides; the directories above are taken as not ignored. */
  isIgnored(directory: PathNode, name: string, kind: FileKind): boolean {
    if (this.#patternCount === 0) return false;
    let path = name;
    for (let at: PathNode | undefined = directory; at; at = at.parent) {
      const verdict = this.#held
        .get(at)
        ?.rules?.verdict(showBytePath(path as BytePath).path, kind === 'dir');
      if (verdict !== undefined) return verdict === 'ignored';
      path = `${at.name}/${path}`;
    }
    return false;
  }

  /** Which file is not applied, and why. */
  problem(pathOf: (directory: PathNode) => BytePath): string | undefined {
    const troubled = [...this.#held].filter(([, { problem }]) => problem !== undefined);
    const [first] = troubled;
    if (!first) return undefined;
    const [directory, { problem }] = first;
    const { path } = showBytePath(joinBytePath(pathOf(directory), GITIGNORE));
    const more = troubled.length > 1 ? ` (and ${troubled.length - 1} more)` : '';
    return `${path} ${problem}${more}`;
  }

  #fitting(found: Held): Held {
    const count = found.rules?.patternCount ?? 0;
    return this.#patternCount + count > PATTERN_LIMIT ? TOO_MANY : found;
  }

  /** What is there now: the same object as before when nothing changed. */
  #load(path: BytePath, held: Held | undefined): Held | undefined {
    const found = this.#disk.lstat(path);
    if (found === 'unreadable') return held ?? { digest: '', problem: 'cannot be read' };
    if (found === 'missing') return undefined;
    if (found.kind === 'symlink') return refused(held, 'is a symbolic link, which is not followed');
    if (found.kind !== 'file') return undefined;
    const content = this.#disk.readFile(path, SIZE_LIMIT_BYTES);
    if (content === 'missing') return undefined;
    if (content === 'unreadable') return held ?? { digest: '', problem: 'cannot be read' };
    if (content === 'tooLarge') return refused(held, `is larger than ${SIZE_LIMIT_BYTES} bytes`);
    const digest = createHash('sha256').update(content).digest('base64');
    return held?.digest === digest ? held : { digest, ...parseGitignore(content) };
  }
}

function refused(held: Held | undefined, problem: string): Held {
  return held?.problem === problem ? held : { digest: '', problem };
}
