import { describe, expect, it } from 'vitest';
import {
  behaviour,
  nodeEnvironment,
  ownerOfCurrentContext,
  startSystem,
  type ActorSpec,
  type MailboxSpec,
} from '#codi/supervisor/index.js';
import { setup } from '#codi/supervisor/statechart.js';
import { deadline, eventually } from '../../support/deadline.ts';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

describe('messages', () => {
  it('are handled in order, effects in the order of their emission', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')] });
    for (const text of ['1', '2', '3']) probe.send('a', { type: 'note', text });
    expect(probe.journal).toEqual(['start a']);
    await probe.settle();
    expect(probe.journal.slice(1)).toEqual(['note a: 1', 'note a: 2', 'note a: 3']);
  });

  it('raised by an effect are fed at once, on a flat stack', async () => {
    const probe = new Probe();
    const a = probe.worker(
      'a',
      {},
      {
        onNote: (text, cell) => {
          const left = Number(text);
          if (left > 0) cell.raise({ type: 'note', text: String(left - 1) });
          probe.journal.length = Math.min(probe.journal.length, 3);
        },
      },
    );
    await probe.start({ children: [a] });
    probe.send('a', { type: 'note', text: '50000' });
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ epoch: 1, state: 'idle' });
  });

  it('relayed through actors 100,000 times need no stack', async () => {
    const probe = new Probe();
    const relay = (id: string, next: string) => {
      const spec = probe.worker(
        id,
        {},
        {
          receive: (message) => {
            const left = Number((message as { text: string }).text);
            if (left > 0) probe.send(next, { type: 'note', text: String(left - 1) });
            else probe.journal.push(`arrived at ${id}`);
          },
        },
      );
      return spec;
    };
    await probe.start({ children: [relay('a', 'b'), relay('b', 'c'), relay('c', 'a')] });
    probe.send('a', { type: 'note', text: '100000' });
    await probe.settle();
    expect(probe.journal.at(-1)).toBe('arrived at b');
    expect(probe.system.counters()).toMatchObject({ messages: 100_001, crashes: 0 });
  });

  it('of a busy actor do not keep others from their turn', async () => {
    const probe = new Probe();
    const order: string[] = [];
    const busy = probe.worker('busy', {}, { receive: () => void order.push('busy') });
    const quiet = probe.worker('quiet', {}, { receive: () => void order.push('quiet') });
    await probe.start({ children: [busy, quiet] });
    for (let count = 0; count < 1_000; count += 1) probe.send('busy', { type: 'drained' });
    probe.send('quiet', { type: 'drained' });
    await probe.settle();
    expect(order.indexOf('quiet')).toBeLessThanOrEqual(100);
  });

  it('that take long make a turn short', async () => {
    const probe = new Probe();
    const order: string[] = [];
    const busy = probe.worker('busy', {}, { receive: () => void order.push('busy') });
    const quiet = probe.worker('quiet', {}, { receive: () => void order.push('quiet') });
    await probe.start({ children: [busy, quiet] });
    let timeMs = 0;
    // Each look at the clock finds it a millisecond later: a turn has two.
    probe.environment.clock.monotonicMs = () => (timeMs += 1);
    for (let count = 0; count < 50; count += 1) probe.send('busy', { type: 'drained' });
    probe.send('quiet', { type: 'drained' });
    await probe.settle();
    expect(order).toHaveLength(51);
    expect(order.indexOf('quiet')).toBeLessThanOrEqual(3);
  });

  it('sent to siblings that have not started yet wait for them', async () => {
    const probe = new Probe();
    const first = probe.worker(
      'first',
      {},
      {
        onStart: (cell) => cell.lookup('last').send({ type: 'note', text: 'welcome' }),
      },
    );
    await probe.start({ children: [first, probe.worker('last')] });
    expect(probe.journal).toEqual(['start first', 'start last', 'note last: welcome']);
  });

  it('find their actor by name, also under another name than its path', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { name: 'storage' })], ...roomy });
    const ref = probe.system.ref<{ type: string; text: string }>('storage');
    await probe.crash('a');
    expect(ref.send({ type: 'note', text: 'still there' })).toBe('queued');
    await probe.settle();
    expect(probe.journal.at(-1)).toBe('note a: still there');
    expect(probe.system.ref('a').send({})).toBe('noproc');
  });

  it('reach the successor when a dynamic child of the same name comes back', async () => {
    const probe = new Probe();
    await probe.start({ children: [{ type: 'supervisor', id: 'd', strategy: 'dynamic' }] });
    const ref = probe.system.ref<{ type: string; text: string }>('d/x');
    expect(ref.send({ type: 'note', text: 'nobody' })).toBe('noproc');
    for (const round of ['one', 'two']) {
      await probe.during(probe.system.startChild('d', probe.worker('x')));
      expect(ref.send({ type: 'note', text: round })).toBe('queued');
      await probe.settle();
      expect(probe.journal.at(-1)).toBe(`note x: ${round}`);
      await probe.during(probe.system.terminateChild('d', 'x'));
      expect(ref.send({ type: 'note', text: 'gone' })).toBe('noproc');
    }
  });

  it('that wait when a temporary child ends are dead letters', async () => {
    const probe = new Probe();
    await probe.start({ children: [{ type: 'supervisor', id: 'd', strategy: 'dynamic' }] });
    await probe.during(probe.system.startChild('d', probe.worker('x', { restart: 'temporary' })));
    probe.send('d/x', { type: 'finish' });
    for (let count = 0; count < 3; count += 1) probe.send('d/x', { type: 'drained' });
    await probe.settle();
    expect(probe.node('d')?.children).toEqual([]);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({ kind: 'deadLetter', path: 'd/x', count: 3 }),
    );
  });
});

describe('mailboxes', () => {
  async function full(mailbox: MailboxSpec) {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { mailbox })], ...roomy });
    const results = ['1', '2', '3'].map((text) => probe.send('a', { type: 'note', text }));
    return { probe, results, notes: () => probe.journal.filter((line) => line.startsWith('note')) };
  }

  it('that drop new messages keep the old ones', async () => {
    const { probe, results, notes } = await full({
      limitCount: 2,
      limitBytes: 10,
      overflow: 'dropNew',
    });
    expect(results).toEqual(['queued', 'queued', 'dropped']);
    await probe.settle();
    expect(notes()).toEqual(['note a: 1', 'note a: 2']);
    expect(probe.node('a')?.mailbox).toMatchObject({ count: 0, highWater: 2, dropped: 1 });
    expect(probe.reports).toContainEqual(
      expect.objectContaining({ kind: 'mailboxDropped', path: 'a', policy: 'dropNew', count: 1 }),
    );
  });

  it('that drop old messages keep the new ones', async () => {
    const { probe, results, notes } = await full({
      limitCount: 2,
      limitBytes: 10,
      overflow: 'dropOld',
    });
    expect(results).toEqual(['queued', 'queued', 'queued']);
    await probe.settle();
    expect(notes()).toEqual(['note a: 2', 'note a: 3']);
    expect(probe.system.counters().dropped).toBe(1);
  });

  it('that crash take their actor down and lose what they held', async () => {
    const { probe, results, notes } = await full({
      limitCount: 2,
      limitBytes: 10,
      overflow: 'crash',
    });
    expect(results.at(-1)).toBe('dropped');
    await probe.settle();
    expect(notes()).toEqual([]);
    expect(probe.node('a')).toMatchObject({ epoch: 2, lastExit: { reason: 'mailbox overflow' } });
    expect(probe.system.counters().dropped).toBe(3);
  });

  it('that block say when there is space again', async () => {
    const { probe, results, notes } = await full({
      limitCount: 2,
      limitBytes: 10,
      overflow: 'block',
    });
    expect(results.at(-1)).toBe('dropped');
    probe.system.ref('a').whenSpace?.(() => probe.send('a', { type: 'note', text: '3' }));
    await probe.settle();
    expect(notes()).toEqual(['note a: 1', 'note a: 2', 'note a: 3']);
    expect(probe.system.counters().dropped).toBe(0);
    let isCalled = false;
    probe.system.ref('a').whenSpace?.(() => (isCalled = true));
    await probe.settle();
    expect(isCalled).toBe(true);
  });

  it('count bytes as well', async () => {
    const probe = new Probe();
    const mailbox = { limitCount: 100, limitBytes: 10, overflow: 'dropOld' } as const;
    await probe.start({ children: [probe.worker('a', { mailbox })] });
    const ref = probe.system.ref<{ type: string; text: string }>('a');
    expect(ref.send({ type: 'note', text: 'x' }, 6)).toBe('queued');
    expect(ref.send({ type: 'note', text: 'too big ever' }, 11)).toBe('dropped');
    expect(ref.send({ type: 'note', text: 'y' }, 6)).toBe('queued');
    expect(probe.node('a')?.mailbox).toMatchObject({ count: 1, bytes: 6, dropped: 2 });
    await probe.settle();
    expect(probe.journal.at(-1)).toBe('note a: y');
  });
});

describe('asynchronous work', () => {
  const machine = setup({ types: {} as { events: { type: 'sys.shutdown' } } }).createMachine({
    initial: 'idle',
    states: {
      idle: { tags: ['ready'], on: { 'sys.shutdown': 'done' } },
      done: { type: 'final' },
    },
  });

  it('belongs to the actor that started it', async () => {
    const owners: string[] = [];
    const spec = (id: string, later: (look: () => void) => void): ActorSpec => ({
      type: 'worker',
      id,
      start: () => {
        later(() => owners.push(ownerOfCurrentContext()?.path ?? 'nobody'));
        return behaviour({ machine, effects: {} });
      },
    });
    const children = [
      spec('timer', (look) => setTimeout(look, 1)),
      spec('promise', (look) => void Promise.resolve().then(look)),
      spec('immediate', (look) => setImmediate(look)),
    ];
    const system = await startSystem(
      { type: 'supervisor', id: 'root', strategy: 'one_for_one', children },
      { environment: nodeEnvironment() },
    );
    await eventually('three owners', () => owners.length === 3);
    await deadline('stop', system.stop());
    expect(owners.toSorted()).toEqual(['immediate', 'promise', 'timer']);
    expect(ownerOfCurrentContext()).toBeUndefined();
  });
});
