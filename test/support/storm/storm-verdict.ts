import { join } from 'node:path';
import { DEFAULT_IGNORES } from '#codi/workers/watch-host/default-ignores.js';
import { walkTree, type RecordedTrees, type TreeLines } from './storm-judge.ts';
import { STORM_ROOTS, type StormOp } from './storm-plan.ts';

const MAPPED = 'written through a mapping';
const OF_HARD_LINK = ' of a hard link';

export interface StormFacts {
  /** The storm's folder. */
  readonly base: string;
  readonly plan: readonly StormOp[];
  readonly recorded: RecordedTrees;
  /** Inodes written to through a mapping. */
  readonly mapped: ReadonlySet<bigint>;
}

/** Compares what is recorded of a storm with what a walk of its folders finds, and says what happened there. */
export class StormVerdict {
  readonly #facts: StormFacts;

  constructor(facts: StormFacts) {
    this.#facts = facts;
  }

  wanted(path: string): TreeLines {
    const root = STORM_ROOTS.find((one) => one.path === path)!;
    const isPicky = root.patterns.length > 0;
    return walkTree(
      join(this.#facts.base, path),
      (at, name) => {
        if (name.endsWith('.skip') || at === 'gen' || DEFAULT_IGNORES.has(name)) return 'no';
        if (!isPicky || name.endsWith('.txt') || name === 'keep' || at.startsWith('keep/'))
          return 'yes';
        return 'hidden';
      },
      root.recursive,
    );
  }

  differences(what: 'index' | 'folded'): Difference[] {
    return STORM_ROOTS.flatMap(({ path: root }) => {
      const wanted = this.wanted(root);
      const found = this.#facts.recorded[what](join(this.#facts.base, root));
      const paths = new Set([...wanted.keys(), ...found.keys()]);
      return [...paths]
        .filter((path) => wanted.get(path) !== found.get(path))
        .map((path) => ({ root, path, wanted: wanted.get(path), found: found.get(path) }));
    });
  }

  /** Begins with its kind, for counting. */
  shown(difference: Difference): string {
    return `${this.#kindOf(difference)}: ${shown(difference)}`;
  }

  /** What no system tells of: docs/watching.md names these. */
  isForSweeps(difference: Difference): boolean {
    const kind = this.#kindOf(difference);
    return kind === MAPPED || kind.endsWith(OF_HARD_LINK);
  }

  #kindOf({ wanted = 'nothing', found = 'nothing' }: Difference): string {
    const inode = BigInt(wanted.split(':')[1]?.split(' ')[0] ?? 0);
    return this.#facts.mapped.has(inode) ? MAPPED : kindOf(wanted, found);
  }

  /** A difference with what was done there and what was recorded of it. */
  told(difference: Difference): string {
    const { root, path } = difference;
    const full = `${root}/${path}`;
    const isNear = (other: string) => full === other || full.startsWith(`${other}/`);
    const ops = this.#facts.plan.flatMap((op, index) => {
      const paths = [...('path' in op ? [op.path] : []), ...('from' in op ? [op.from] : [])];
      return paths.some(isNear) ? [`  ${index + 1} ${JSON.stringify(op)}`] : [];
    });
    const events = this.#facts.recorded.eventsOf(join(this.#facts.base, root), path);
    return [
      shown(difference),
      ...ops.slice(-8),
      ...events.slice(-6).map((at) => `  event ${at}`),
    ].join('\n');
  }
}

export interface Difference {
  readonly root: string;
  readonly path: string;
  readonly wanted: string | undefined;
  readonly found: string | undefined;
}

function shown({ root, path, wanted = 'nothing', found = 'nothing' }: Difference): string {
  return `${root}: ${JSON.stringify(path)}: on the disk ${wanted}, recorded ${found}`;
}

function kindOf(wanted: string, found: string): string {
  if (wanted === 'nothing') return 'still recorded';
  if (found === 'nothing') return 'not recorded';
  const [is, was] = [wanted.split(' '), found.split(' ')];
  if (is[0] !== was[0]) return 'kind';
  if (is[1] !== was[1]) return 'inode';
  const isLinked = Number(is[5]) > 1 || is[5] !== was[5];
  const what =
    is[3] !== was[3] || is[4] !== was[4] ? 'content' : is[2] !== was[2] ? 'mode' : 'links';
  return isLinked ? `${what}${OF_HARD_LINK}` : what;
}
