import type { Dice } from '../simulation.ts';
import type { ModelKind, StormTree } from './storm-tree.ts';

/** The storm's folder has a path, too, and the system takes 4,096 bytes. */
export const PATH_LIMIT_BYTES = 3_500;
export const NAME_LIMIT_BYTES = 255;
/** Trees are moved into one another; without a limit all would end up in one. */
const DEPTH_LIMIT = 9;
const SMALL_ENTRIES = 8;

/** Draws entries and names of a storm's tree. */
export class StormPicks {
  readonly #dice: Dice;
  readonly #tree: StormTree;
  /** Folders that are never moved or removed. */
  readonly #fixed: readonly string[];

  constructor(dice: Dice, tree: StormTree, fixed: readonly string[]) {
    this.#dice = dice;
    this.#tree = tree;
    this.#fixed = fixed;
  }

  onFile(act: (path: string) => void): void {
    const path = this.pick((_path, kind) => kind === 'file');
    if (path !== undefined) act(path);
  }

  onAny(act: (path: string) => void): void {
    const path = this.pickAny();
    if (path !== undefined) act(path);
  }

  /** Mostly: else little is ever left. */
  onSmall(act: (path: string) => void): void {
    this.onAny((path) => {
      if ([...this.#tree.inside(path)].length <= SMALL_ENTRIES) act(path);
    });
  }

  /** Whether it may go: no fixed folder lies at it or below it. */
  isFree(path: string): boolean {
    return !this.#fixed.some((fixed) => fixed === path || fixed.startsWith(`${path}/`));
  }

  pickAny(): string | undefined {
    return this.pick((path) => this.isFree(path));
  }

  pick(isWanted: (path: string, kind: ModelKind) => boolean): string | undefined {
    const found: string[] = [];
    for (const [path, { kind }] of this.#tree.entries) if (isWanted(path, kind)) found.push(path);
    return this.#dice.pick(found);
  }

  /** A name that is not there, in some directory; old names are used again. */
  newPath(extension = ''): string {
    for (;;) {
      const area = this.#dice.pick(this.#fixed)!;
      const directory = this.pick(
        (path, kind) => kind === 'dir' && (path === area || path.startsWith(`${area}/`)),
      )!;
      const path = this.pathIn(directory, extension);
      if (path !== `w/${nameOf(path)}` && path.split('/').length < DEPTH_LIMIT) return path;
    }
  }

  pathIn(directory: string, extension = ''): string {
    for (;;) {
      const path = `${directory}/${this.#name(extension)}`;
      if (!this.#tree.has(path)) return path;
    }
  }

  extension(): string {
    return this.#dice.pick(['', '', '.txt', '.txt', '.skip'])!;
  }

  #name(extension = ''): string {
    const odd = [
      `line\nbreak`,
      'f\xff\xfe',
      '\xc3\xbc'.repeat(120),
      'x'.repeat(249),
      ' ',
      '-n',
      '*',
    ];
    if (this.#dice.chance(0.06))
      return `${this.#dice.pick(odd)!}${this.#dice.below(3)}${extension}`;
    if (this.#dice.chance(0.04)) return this.#dice.pick(['keep', 'keep', 'gen', '.git'])!;
    return `n${this.#dice.below(60)}${extension}`;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
