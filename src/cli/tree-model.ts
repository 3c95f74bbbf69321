import type { LoneNodeView, TreeDeltaView, TreeNodeView } from '../protocol/debug/tree-views.ts';

/** A tree that follows its numbered changes. */
export class TreeModel {
  readonly #root: TreeNodeView;
  readonly #nodes = new Map<string, TreeNodeView>();
  readonly #parents = new Map<string, TreeNodeView>();

  constructor(root: TreeNodeView) {
    this.#root = root;
    this.#index(root);
  }

  get root(): TreeNodeView {
    return this.#root;
  }

  get size(): number {
    return this.#nodes.size;
  }

  node(path: string): TreeNodeView | undefined {
    return this.#nodes.get(path);
  }

  /** Applies a change; one of a node that is not known leaves the tree as it is. */
  apply(delta: TreeDeltaView): void {
    if (delta.kind === 'added') this.#add(delta.parent, delta.node);
    else if (delta.kind === 'removed') this.#remove(delta.path);
    else if (delta.kind === 'changed') {
      const node = this.#nodes.get(delta.path);
      if (node) replaceFacts(node, delta.node);
    } else this.#order(delta.path, delta.children);
  }

  #add(parentPath: string, lone: LoneNodeView): void {
    const parent = this.#nodes.get(parentPath);
    if (!parent || this.#nodes.has(lone.path)) return;
    const node: TreeNodeView = { ...lone, children: [] };
    parent.children.push(node);
    this.#parents.set(node.path, parent);
    this.#nodes.set(node.path, node);
  }

  #remove(path: string): void {
    const node = this.#nodes.get(path);
    const parent = this.#parents.get(path);
    if (!node || !parent) return;
    parent.children = parent.children.filter((child) => child !== node);
    this.#forget(node);
  }

  #order(path: string, children: readonly string[]): void {
    const node = this.#nodes.get(path);
    if (!node) return;
    const position = new Map(children.map((child, index) => [child, index]));
    const last = children.length;
    node.children = node.children.toSorted(
      (a, b) => (position.get(a.path) ?? last) - (position.get(b.path) ?? last),
    );
  }

  #index(node: TreeNodeView): void {
    this.#nodes.set(node.path, node);
    for (const child of node.children) {
      this.#parents.set(child.path, node);
      this.#index(child);
    }
  }

  #forget(node: TreeNodeView): void {
    this.#nodes.delete(node.path);
    this.#parents.delete(node.path);
    for (const child of node.children) this.#forget(child);
  }
}

/** Facts that are absent in the new node are no longer true. */
function replaceFacts(node: TreeNodeView, facts: LoneNodeView): void {
  const { children } = node;
  for (const key of Object.keys(node)) Reflect.deleteProperty(node, key);
  Object.assign(node, facts, { children });
}
