import type { LoneNodeView, TreeNodeView } from '#codi/protocol/debug/tree-views.js';
import { TreeMirror } from '#codi/workers/debug/tree-mirror.js';
import { expect, test } from 'vitest';

let nowMs = 0;
const lone = (path: string, extra: Partial<LoneNodeView> = {}): LoneNodeView => ({
  path,
  state: 'running',
  restart: 'permanent',
  isolation: 'inline',
  epoch: 1,
  restarts: 0,
  uptime_ms: 0,
  ...extra,
});
const node = (path: string, ...children: TreeNodeView[]): TreeNodeView => ({
  ...lone(path),
  children,
});
const paths = (tree: TreeNodeView | undefined): unknown =>
  tree && [tree.path, ...tree.children.map(paths)];

function mirror(): TreeMirror {
  nowMs = 0;
  const made = new TreeMirror(() => nowMs);
  made.reset(7, node('root', node('a', node('a/1'), node('a/2')), node('b')));
  return made;
}

test('It is what it was told, with what changed since.', () => {
  const tree = mirror();
  expect([tree.seq, paths(tree.tree())]).toEqual([7, ['root', ['a', ['a/1'], ['a/2']], ['b']]]);
  tree.apply([
    { seq: 8, kind: 'added', parent: 'a', node: lone('a/3') },
    { seq: 9, kind: 'removed', path: 'a/1' },
    { seq: 10, kind: 'changed', path: 'b', node: lone('b', { state: 'parked' }) },
    { seq: 11, kind: 'ordered', path: 'root', children: ['b', 'a'] },
  ]);
  expect([tree.seq, paths(tree.tree())]).toEqual([11, ['root', ['b'], ['a', ['a/2'], ['a/3']]]]);
  expect(tree.node('b')?.node.state).toBe('parked');
  expect(tree.node('a')?.children).toEqual(['a/2', 'a/3']);
});

test('Children can be told before their supervisor, and go with it.', () => {
  const tree = mirror();
  tree.apply([
    { seq: 8, kind: 'added', parent: 'c', node: lone('c/1') },
    { seq: 9, kind: 'added', parent: 'root', node: lone('c') },
  ]);
  expect(paths(tree.tree())).toEqual(['root', ['a', ['a/1'], ['a/2']], ['b'], ['c', ['c/1']]]);
  tree.apply([{ seq: 10, kind: 'removed', path: 'c' }]);
  expect(tree.node('c/1')).toBeUndefined();
  expect(paths(tree.tree())).toEqual(['root', ['a', ['a/1'], ['a/2']], ['b']]);
});

test('Uptimes go on while nothing is told, but not of what is down.', () => {
  const tree = mirror();
  tree.apply([{ seq: 8, kind: 'changed', path: 'b', node: lone('b', { state: 'backing-off' }) }]);
  nowMs = 1_500;
  expect(tree.node('a')?.node.uptime_ms).toBe(1_500);
  expect(tree.node('b')?.node.uptime_ms).toBe(0);
});
