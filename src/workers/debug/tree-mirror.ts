import type { LoneNodeView, TreeDeltaView, TreeNodeView } from '../../protocol/debug/tree-views.ts';

interface Entry {
  /** Undefined until it is told: children can be told before their supervisor. */
  node: LoneNodeView | undefined;
  parent: string | undefined;
  /** Paths, in order. */
  children: Set<string>;
  /** When the node was told, monotonic ms: its uptime goes on from there. */
  atMs: number;
}

/** States of a node that is down: its uptime stands still. */
const DOWN = new Set(['stopped', 'parked', 'backing-off', 'restarting']);

/** The supervision tree as the main thread told it last. */
export class TreeMirror {
  seq = 0;
  readonly #monotonicMs: () => number;
  readonly #entries = new Map<string, Entry>();
  #rootPath: string | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  reset(seq: number, root: TreeNodeView): void {
    this.seq = seq;
    this.#entries.clear();
    this.#rootPath = root.path;
    this.#add(root, undefined);
  }

  apply(deltas: readonly TreeDeltaView[]): void {
    for (const delta of deltas) {
      this.#apply(delta);
      this.seq = delta.seq;
    }
  }

  /** The whole of it, at this moment; undefined before the first snapshot. */
  tree(): TreeNodeView | undefined {
    return this.#rootPath === undefined ? undefined : this.#view(this.#rootPath);
  }

  /** One node and the paths of its children. */
  node(path: string): { node: LoneNodeView; children: string[] } | undefined {
    const entry = this.#entries.get(path);
    return entry?.node && { node: this.#present(entry, entry.node), children: [...entry.children] };
  }

  #add({ children, ...node }: TreeNodeView, parent: string | undefined): void {
    const paths = new Set(children.map((child) => child.path));
    this.#entries.set(node.path, { node, parent, children: paths, atMs: this.#monotonicMs() });
    for (const child of children) this.#add(child, node.path);
  }

  #apply(delta: TreeDeltaView): void {
    switch (delta.kind) {
      case 'added':
        this.#entry(delta.parent).children.add(delta.node.path);
        this.#set(delta.node).parent = delta.parent;
        break;
      case 'changed':
        this.#set(delta.node);
        break;
      case 'ordered':
        this.#entry(delta.path).children = new Set(delta.children);
        break;
      case 'removed':
        this.#remove(delta.path);
        break;
    }
  }

  #set(node: LoneNodeView): Entry {
    const entry = this.#entry(node.path);
    entry.node = node;
    entry.atMs = this.#monotonicMs();
    return entry;
  }

  #entry(path: string): Entry {
    let entry = this.#entries.get(path);
    if (!entry) {
      entry = { node: undefined, parent: undefined, children: new Set(), atMs: 0 };
      this.#entries.set(path, entry);
    }
    return entry;
  }

  #remove(path: string): void {
    const entry = this.#entries.get(path);
    if (entry?.parent !== undefined) this.#entries.get(entry.parent)?.children.delete(path);
    this.#forget(path);
  }

  #forget(path: string): void {
    const children = this.#entries.get(path)?.children ?? [];
    this.#entries.delete(path);
    for (const child of children) this.#forget(child);
  }

  #view(path: string): TreeNodeView | undefined {
    const entry = this.#entries.get(path);
    if (!entry?.node) return undefined;
    const children = [...entry.children].flatMap((child) => this.#view(child) ?? []);
    return { ...this.#present(entry, entry.node), children };
  }

  #present({ atMs }: Entry, node: LoneNodeView): LoneNodeView {
    if (DOWN.has(node.state)) return node;
    return { ...node, uptime_ms: Math.round(node.uptime_ms + this.#monotonicMs() - atMs) };
  }
}
