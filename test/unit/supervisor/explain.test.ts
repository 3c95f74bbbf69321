import { describe, expect, it } from 'vitest';
import {
  startSystem,
  type LoneNode,
  type System,
  type TreeDelta,
  type TreeNode,
} from '#codi/supervisor/index.js';
import { TREE_DELTAS_LIMIT, TreeLog } from '#codi/supervisor/tree-log.js';
import { VirtualClock } from '../../support/virtual-environment.ts';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

describe('explainWhy', () => {
  const backoff = { minMs: 100, maxMs: 1_000, factor: 2, jitter: 0, resetAfterMs: 10_000 };

  it('names a backoff, its attempt and its end, with the last error', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { backoff })], ...roomy });
    await probe.crash('a');
    expect(probe.system.explainWhy('a')).toMatchObject({
      isRunning: false,
      state: 'backing-off',
      causes: [{ kind: 'backingOff', attempt: 1, remainingMs: 100 }],
      lastExit: { reason: 'crashed: Error: a crashed' },
      lastError: { name: 'Error', message: 'a crashed' },
      supervisor: { path: 'root', restarts: 1, intensity: 100 },
    });
  });

  it('names a spent budget', async () => {
    const probe = new Probe();
    const budget = { maxRestarts: 0, withinMs: 1_000, onExhausted: 'park' as const };
    await probe.start({ children: [probe.worker('a', { budget })], ...roomy });
    await probe.crash('a');
    expect(probe.system.explainWhy('a')).toMatchObject({
      causes: [{ kind: 'parked', restarts: 1, maxRestarts: 0, withinMs: 1_000 }],
      budget: { restarts: 1, onExhausted: 'park' },
    });
  });

  it('names the parent that is down, a good end, and a start under way', async () => {
    const probe = new Probe();
    const children = [probe.worker('x'), probe.worker('t', { restart: 'transient' })];
    const inner = { type: 'supervisor', id: 'in', strategy: 'one_for_one', children } as const;
    const slow = probe.worker('slow', {}, { isSlow: true });
    await probe.start({ children: [inner], ...roomy });
    void probe.system.startChild('root', slow);
    probe.send('in/t', { type: 'finish' });
    await probe.advance(5);
    expect(probe.system.explainWhy('in/t')).toMatchObject({
      causes: [{ kind: 'endedForGood', restart: 'transient' }],
    });
    expect(probe.system.explainWhy('slow')).toMatchObject({
      causes: [{ kind: 'starting', forMs: 5 }],
    });
    expect(probe.system.explainWhy('in/x')).toMatchObject({ isRunning: true, causes: [] });
    await probe.during(probe.system.terminateChild('root', 'in'));
    expect(probe.system.explainWhy('in/x')).toMatchObject({
      causes: [{ kind: 'parentDown', path: 'in', state: 'stopped' }, { kind: 'endedForGood' }],
    });
    expect(probe.system.explainWhy('ghost')).toBe('noproc');
  });
});

describe('inspectMachine', () => {
  it('shows definition, present state and next possible events, and of the context only the shape', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const result = probe.system.inspectMachine('a');
    if (!result.ok) throw new Error('it runs');
    const { snapshot, nextEvents, definition } = result.view;
    expect(snapshot).toEqual({
      state: 'idle',
      value: 'idle',
      tags: ['ready'],
      status: 'active',
      context: { isSlow: '<boolean>', onShutdown: '<string>' },
    });
    expect(nextEvents.toSorted()).toEqual(['explode', 'finish', 'note', 'sys.shutdown']);
    expect(Object.keys((definition as { states: object }).states)).toContain('draining');
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(probe.system.inspectMachine('root')).toEqual({ ok: false, error: 'supervisor' });
    expect(probe.system.inspectMachine('ghost')).toEqual({ ok: false, error: 'noproc' });
  });

  it('lets through of the context what the redaction allows', async () => {
    const probe = new Probe();
    const root = {
      type: 'supervisor',
      id: 'root',
      strategy: 'one_for_one',
      children: [probe.worker('a')],
    } as const;
    let system!: System;
    const redact = ({ value }: { value: unknown }) => ({ ...(value as object), onShutdown: '***' });
    void startSystem(root, { environment: probe.environment, redact }).then((it) => (system = it));
    await probe.settle();
    expect(system.inspectMachine('a')).toMatchObject({
      view: { snapshot: { context: { isSlow: false, onShutdown: '***' } } },
    });
  });
});

describe('tree deltas', () => {
  /** A copy of the tree that knows only a snapshot and deltas. */
  class Copy {
    seq = 0;
    nodes = new Map<string, LoneNode>();
    children = new Map<string, string[]>();

    load({ seq, root }: { seq: number; root: TreeNode }): void {
      this.seq = seq;
      const add = ({ children, ...node }: TreeNode) => {
        this.nodes.set(node.path, node);
        this.children.set(
          node.path,
          children.map(({ path }) => path),
        );
        children.forEach(add);
      };
      add(root);
    }

    apply(delta: TreeDelta): void {
      expect(delta.seq).toBe(this.seq + 1);
      this.seq = delta.seq;
      if (delta.kind === 'added') {
        this.nodes.set(delta.node.path, delta.node);
        this.children.set(delta.node.path, []);
        this.children.get(delta.parent)!.push(delta.node.path);
      } else if (delta.kind === 'changed') this.nodes.set(delta.path, delta.node);
      else if (delta.kind === 'ordered') this.children.set(delta.path, delta.children);
      else {
        this.nodes.delete(delta.path);
        for (const list of this.children.values()) {
          if (list.includes(delta.path)) list.splice(list.indexOf(delta.path), 1);
        }
      }
    }

    follow(system: System): void {
      const answer = system.treeDeltas(this.seq);
      if (!answer.ok) throw new Error('too old');
      answer.deltas.forEach((delta) => this.apply(delta));
    }

    lines(path = 'root'): string[] {
      const { state, epoch, restarts } = this.nodes.get(path)!;
      const own = `${path} ${state} ${epoch} ${restarts}`;
      return [own, ...this.children.get(path)!.flatMap((child) => this.lines(child))];
    }
  }

  function linesOf({ path, state, epoch, restarts, children }: TreeNode): string[] {
    return [`${path} ${state} ${epoch} ${restarts}`, ...children.flatMap(linesOf)];
  }

  it('turn a snapshot into the tree of later, step by step', async () => {
    const probe = new Probe();
    await probe.start({
      children: [probe.worker('a'), { type: 'supervisor', id: 'd', strategy: 'dynamic' }],
      ...roomy,
    });
    const copy = new Copy();
    copy.load(probe.system.treeSnapshot());
    const steps = [
      () => probe.crash('a'),
      () => probe.during(probe.system.startChild('d', probe.worker('x', { restart: 'temporary' }))),
      () => probe.during(probe.system.startChild('root', probe.worker('b'))),
      () => probe.crash('d/x'),
      () => probe.during(probe.system.stopActor('b')),
      () => probe.during(probe.system.restartActor('d')),
      () =>
        Promise.resolve(
          probe.system.changeSpec('root', {
            type: 'supervisor',
            id: 'root',
            strategy: 'one_for_one',
            children: [probe.worker('n'), probe.worker('a')],
          }),
        ),
      () => probe.during(probe.system.restartActor('n')),
    ];
    for (const step of steps) {
      await step();
      copy.follow(probe.system);
      expect(copy.lines()).toEqual(linesOf(probe.system.tree()));
    }
  });

  it('say too_old to a reader that is behind the log, ahead of it, or comes first of all', () => {
    const log = new TreeLog(new VirtualClock());
    expect(log.since(0, 10)).toMatchObject({ ok: false, error: 'too_old' });
    const seq = log.mark();
    for (let count = 0; count < TREE_DELTAS_LIMIT * 2; count += 1) log.removed(`n${count}`);
    expect(log.since(seq, 10)).toEqual({ ok: false, error: 'too_old', seq: log.mark() });
    expect(log.since(log.mark() + 1, 10)).toMatchObject({ error: 'too_old' });
    expect(log.since(log.mark(), 10)).toEqual({ ok: true, deltas: [], seq: log.mark() });
    const page = log.since(log.mark() - 5, 2);
    expect(page).toMatchObject({ ok: true, seq: log.mark() - 3 });
  });

  it('tell what an actor says of itself by now, when it is asked for, and each time once', () => {
    const log = new TreeLog(new VirtualClock());
    const node = { path: 'a', state: 'watching', note: '0 roots' } as LoneNode;
    const host = { path: 'a', isRemoved: false, loneNode: () => ({ ...node }) };
    const seq = log.mark();
    log.added('root', host);
    log.compare([host]);
    node.note = '1 root';
    expect(log.since(seq, 10)).toMatchObject({ deltas: [{ kind: 'added' }] });
    log.compare([host]);
    log.compare([host]);
    expect(log.since(seq + 1, 10)).toEqual({
      ok: true,
      deltas: [{ seq: seq + 2, kind: 'changed', path: 'a', node }],
      seq: seq + 2,
    });
  });

  it('are not kept any more when nobody has read them for a minute', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const { seq } = probe.system.treeSnapshot();
    await probe.advance(60_001);
    await probe.crash('a');
    expect(probe.system.treeDeltas(seq)).toMatchObject({ ok: false, error: 'too_old' });
  });
});
