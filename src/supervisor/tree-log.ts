import type { Clock } from './clock.ts';
import type { TreeNode } from './tree-node.ts';

/** Deltas kept; a reader that is further behind starts anew with a snapshot. */
export const TREE_DELTAS_LIMIT = 4_096;
/** Without a reader for this long nothing is logged any more. */
export const TREE_READER_LIMIT_MS = 60_000;

/** A node without its children. */
export type LoneNode = Omit<TreeNode, 'children'>;

export type TreeDelta = { seq: number } & (
  | { kind: 'added'; parent: string; node: LoneNode }
  | { kind: 'changed'; path: string; node: LoneNode }
  | { kind: 'removed'; path: string }
  /** The children of a supervisor stand in this order now. */
  | { kind: 'ordered'; path: string; children: string[] }
);

type DeltaBody = TreeDelta extends infer D ? (D extends unknown ? Omit<D, 'seq'> : never) : never;

export type TreeDeltas =
  | { ok: true; deltas: TreeDelta[]; seq: number }
  /** Behind the log, or from another life of the process: take a new snapshot. */
  | { ok: false; error: 'too_old'; seq: number };

/** What the log needs of a node of the tree. */
export interface Loggable {
  readonly path: string;
  readonly isRemoved: boolean;
  loneNode(): LoneNode;
}

/** Numbered changes of the tree, in order, while somebody reads them. */
export class TreeLog {
  readonly #clock: Clock;
  readonly #deltas: TreeDelta[] = [];
  readonly #dirty = new Set<Loggable>();
  /** What the last delta about a node said. */
  readonly #told = new WeakMap<Loggable, string>();
  #seq = 0;
  #readAtMs = -Infinity;
  #isActive = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  changed(node: Loggable): void {
    if (this.#isActive) this.#dirty.add(node);
  }

  /**
   * What an actor says of itself may rest on what others did, and nobody reports that: looks at these again. One that
   * no delta was about since the snapshot counts as changed.
   */
  compare(nodes: Iterable<Loggable>): void {
    if (!this.#isActive) return;
    for (const node of nodes)
      if (this.#told.get(node) !== statusText(node.loneNode())) this.#dirty.add(node);
  }

  added(parent: string, node: Loggable): void {
    if (this.#isActive) this.#log({ kind: 'added', parent, node: this.#tell(node) });
  }

  removed(path: string): void {
    if (this.#isActive) this.#log({ kind: 'removed', path });
  }

  ordered(path: string, children: string[]): void {
    if (this.#isActive) this.#log({ kind: 'ordered', path, children });
  }

  /** Once per macro-task: what changed in between is one delta. */
  flush(): void {
    if (!this.#isActive) return;
    if (this.#clock.monotonicMs() - this.#readAtMs > TREE_READER_LIMIT_MS) {
      this.#isActive = false;
      this.#deltas.length = 0;
      this.#dirty.clear();
      // What is missed from here on makes older readers start anew.
      this.#seq += 1;
      return;
    }
    for (const node of this.#dirty) {
      if (!node.isRemoved) this.#log({ kind: 'changed', path: node.path, node: this.#tell(node) });
    }
    this.#dirty.clear();
  }

  /** The number that a snapshot taken now goes with. */
  mark(): number {
    this.#read();
    this.flush();
    return this.#seq;
  }

  since(seq: number, limit: number): TreeDeltas {
    const wasActive = this.#isActive;
    this.#read();
    this.flush();
    const firstKnown = this.#seq - this.#deltas.length;
    if (!wasActive || seq < firstKnown || seq > this.#seq) {
      return { ok: false, error: 'too_old', seq: this.#seq };
    }
    const start = seq - firstKnown;
    const deltas = this.#deltas.slice(start, start + limit);
    return { ok: true, deltas, seq: deltas.at(-1)?.seq ?? seq };
  }

  #read(): void {
    this.#readAtMs = this.#clock.monotonicMs();
    this.#isActive = true;
  }

  #tell(node: Loggable): LoneNode {
    const lone = node.loneNode();
    this.#told.set(node, statusText(lone));
    return lone;
  }

  #log(body: DeltaBody): void {
    this.#seq += 1;
    this.#deltas.push({ seq: this.#seq, ...body });
    // Cut in batches: shifting one by one would move the whole log each time.
    if (this.#deltas.length >= TREE_DELTAS_LIMIT * 1.25) {
      this.#deltas.splice(0, this.#deltas.length - TREE_DELTAS_LIMIT);
    }
  }
}

function statusText({ state, note = '' }: LoneNode): string {
  return `${state} ${note}`;
}
