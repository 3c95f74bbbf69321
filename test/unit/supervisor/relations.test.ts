import { describe, expect, it } from 'vitest';
import type { AskResult, CellContext, Down } from '#codi/supervisor/index.js';
import { Probe, type ProbeEvent } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

/** A probe with the given workers, and what each heard. */
async function heard(...ids: string[]) {
  const probe = new Probe();
  const downs: Down[] = [];
  await probe.start({ children: ids.map((id) => probe.worker(id)), ...roomy });
  return { probe, downs, cell: (id: string) => probe.cells.get(id)! as CellContext<ProbeEvent> };
}

describe('a monitor', () => {
  it('tells the reason, path and incarnation of the end, once', async () => {
    const { probe, downs, cell } = await heard('a', 'b');
    cell('a').monitor('b', (down) => downs.push(down));
    await probe.crash('b');
    await probe.crash('b');
    expect(downs).toEqual([
      { path: 'b', epoch: 1, reason: { kind: 'crash', error: new Error('b crashed') } },
    ]);
  });

  it('of nobody, or of what is already dead, says noproc', async () => {
    const { probe, downs, cell } = await heard('a', 'b');
    await probe.during(probe.system.terminateChild('root', 'b'));
    cell('a').monitor('b', (down) => downs.push(down));
    cell('a').monitor('ghost', (down) => downs.push(down));
    expect(downs).toEqual([]);
    await probe.settle();
    expect(downs).toEqual([
      { path: 'b', epoch: 0, reason: { kind: 'noproc' } },
      { path: 'ghost', epoch: 0, reason: { kind: 'noproc' } },
    ]);
  });

  it('can be held many times by one actor on another, each on its own', async () => {
    const { probe, cell } = await heard('a', 'b');
    const told: number[] = [];
    const monitors = [1, 2, 3].map((number) =>
      cell('a').monitor('b', () => void told.push(number)),
    );
    monitors[1]!.demonitor();
    await probe.crash('b');
    expect(told).toEqual([1, 3]);
  });

  it.each([
    [false, 1],
    [true, 0],
  ])(
    'that is given up with flush %s leaves %i DOWN that was already under way',
    async (flush, left) => {
      const { probe, downs, cell } = await heard('a', 'b');
      // Raised in the same turn: the DOWN waits behind the step that gives the monitor up.
      const monitor = cell('a').monitor('ghost', (down) => downs.push(down));
      monitor.demonitor({ flush });
      await probe.settle();
      expect(downs).toHaveLength(left);
    },
  );

  it('ends with the incarnation that holds it', async () => {
    const { probe, downs, cell } = await heard('a', 'b');
    cell('a').monitor('b', (down) => downs.push(down));
    await probe.crash('a');
    await probe.crash('b');
    expect(downs).toEqual([]);
  });

  it('works on supervisors by their path, and hears of a shutdown', async () => {
    const probe = new Probe();
    const downs: Down[] = [];
    const inner = { type: 'supervisor', id: 'in', strategy: 'one_for_one', children: [] } as const;
    await probe.start({ children: [inner, probe.worker('a')], ...roomy });
    probe.cells.get('a')!.monitor('in', (down) => downs.push(down));
    await probe.during(probe.system.terminateChild('root', 'in'));
    expect(downs).toMatchObject([{ path: 'in', reason: { kind: 'shutdown' } }]);
  });
});

describe('a link', () => {
  it('takes the other end down with the same reason, in both directions', async () => {
    for (const dying of ['a', 'b']) {
      const { probe, cell } = await heard('a', 'b');
      cell('a').link('b');
      await probe.crash(dying);
      expect([probe.epoch('a'), probe.epoch('b')]).toEqual([2, 2]);
      expect(probe.node('a')?.lastExit?.reason).toBe(probe.node('b')?.lastExit?.reason);
    }
  });

  it('does nothing when the end was normal', async () => {
    const { probe, cell } = await heard('a', 'b');
    cell('a').link('b');
    probe.send('b', { type: 'finish' });
    await probe.settle();
    expect([probe.epoch('a'), probe.epoch('b')]).toEqual([1, 2]);
  });

  it('to nobody is an exit signal noproc', async () => {
    const { probe, cell } = await heard('a');
    cell('a').link('ghost');
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ epoch: 2, lastExit: { reason: 'noproc' } });
  });

  it('to one that traps exits is a message instead', async () => {
    const { probe, downs, cell } = await heard('a', 'b');
    cell('a').trapExits((down) => downs.push(down));
    cell('a').link('b');
    cell('a').link('b');
    await probe.crash('b');
    expect(probe.epoch('a')).toBe(1);
    expect(downs).toMatchObject([{ path: 'b', reason: { kind: 'crash' } }]);
  });

  it('that was undone does nothing, and none outlives its incarnations', async () => {
    const { probe, cell } = await heard('a', 'b', 'c');
    cell('a').link('b');
    cell('a').unlink('b');
    await probe.crash('b');
    expect(probe.epoch('a')).toBe(1);
    cell('a').link('b');
    await probe.crash('a');
    await probe.crash('a');
    expect(probe.epoch('b')).toBe(3);
  });
});

describe('a question', () => {
  type Ask = { type: 'ask'; reply: (value: number) => void };
  async function asked(receive: (message: Ask) => void, overrides = {}) {
    const probe = new Probe();
    const spec = probe.worker('a', overrides, { receive: receive as never });
    await probe.start({ children: [spec], ...roomy });
    const answers: AskResult<number>[] = [];
    const ask = (timeoutMs = 100, name = 'a') =>
      void probe.system
        .ask<Ask, number>(name, (reply) => ({ type: 'ask', reply }), timeoutMs)
        .then((answer) => answers.push(answer));
    return { probe, answers, ask };
  }

  it('is answered by the first call of its reply', async () => {
    const { probe, answers, ask } = await asked(({ reply }) => {
      reply(1);
      reply(2);
    });
    ask();
    await probe.settle();
    expect(answers).toEqual([{ ok: true, value: 1 }]);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('fails fast with noproc when nobody has the name, or will', async () => {
    const { probe, answers, ask } = await asked(() => undefined);
    ask(100, 'ghost');
    await probe.during(probe.system.terminateChild('root', 'a'));
    ask();
    await probe.settle();
    expect(answers).toEqual([
      { ok: false, error: 'noproc' },
      { ok: false, error: 'noproc' },
    ]);
  });

  it('fails fast with restarting between two incarnations', async () => {
    const backoff = { minMs: 50, maxMs: 50, factor: 1, jitter: 0, resetAfterMs: 1 };
    const { probe, answers, ask } = await asked(() => undefined, { backoff });
    await probe.crash('a');
    ask();
    await probe.settle();
    expect(answers).toEqual([{ ok: false, error: 'restarting' }]);
  });

  it('hears when the asked one ends before it answers', async () => {
    const { probe, answers, ask } = await asked(() => {
      throw new Error('no idea');
    });
    ask();
    await probe.settle();
    expect(answers).toMatchObject([{ ok: false, error: { down: { kind: 'crash' } } }]);
  });

  it('gives up in time, and says when the mailbox is full', async () => {
    const mailbox = { limitCount: 1, limitBytes: 10, overflow: 'dropNew' as const };
    const { probe, answers, ask } = await asked(() => undefined, { mailbox });
    ask();
    ask();
    await probe.advance(99);
    expect(answers).toEqual([{ ok: false, error: 'dropped' }]);
    await probe.advance(1);
    expect(answers.at(-1)).toEqual({ ok: false, error: 'timeout' });
  });

  it('of an actor that ends is forgotten with its timer', async () => {
    const { probe } = await asked(() => undefined);
    await probe.during(probe.system.startChild('root', probe.worker('b')));
    const cell = probe.cells.get('b')!;
    void cell.ask('a', (reply) => ({ type: 'ask', reply }), 1_000);
    expect(probe.environment.clock.pendingTimers).toBe(1);
    await probe.crash('b');
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });
});
