/** What XState by itself gets wrong (see xstate-canary.test.ts), each seen to be right here. */
import { describe, expect, it } from 'vitest';
import { nodeEnvironment, startSystem } from '#codi/supervisor/index.js';
import { deadline, eventually } from '../../support/deadline.ts';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };
const one = { type: 'supervisor', strategy: 'one_for_one' } as const;

describe('the runtime', () => {
  it('leaves no child of a failed supervisor running (D1)', async () => {
    const probe = new Probe();
    const inner = {
      ...one,
      id: 'in',
      intensity: 0,
      children: [probe.worker('a'), probe.worker('b')],
    };
    await probe.start({ children: [inner], ...roomy });
    probe.clear();
    await probe.crash('in/a');
    expect(probe.journal).toEqual(['end a', 'end b', 'start a', 'start b']);
    expect(probe.epoch('in')).toBe(2);
  });

  it('runs the cleanup of an actor whose receive throws (D2)', async () => {
    const probe = new Probe();
    const bad = probe.worker(
      'a',
      { restart: 'temporary' },
      {
        receive: () => {
          throw new Error('bad');
        },
      },
    );
    await probe.start({ children: [bad] });
    probe.send('a', { type: 'drained' });
    await probe.settle();
    expect(probe.journal).toEqual(['start a', 'end a']);
  });

  it('crashes the owner of a callback that throws later, and nobody else (D3)', async () => {
    const probe = new Probe();
    let late!: () => void;
    const owner = probe.worker(
      'a',
      {},
      {
        onStart: (cell) => {
          late = cell.scope.wrap(() => {
            throw new Error('late');
          });
        },
      },
    );
    await probe.start({ children: [owner, probe.worker('b')], ...roomy });
    late();
    await probe.settle();
    expect([probe.epoch('a'), probe.epoch('b')]).toEqual([2, 1]);
  });

  it('relays through 5,000 actors in a chain without a stack (D4)', async () => {
    const probe = new Probe();
    let arrived = 0;
    const children = Array.from({ length: 5_000 }, (_, index) =>
      probe.worker(
        `n${index}`,
        {},
        {
          receive: (message) => {
            if (index === 0) arrived += 1;
            else probe.send(`n${index - 1}`, message);
          },
        },
      ),
    );
    await probe.start({ children });
    probe.send('n4999', { type: 'drained' });
    await probe.settle();
    expect(arrived).toBe(1);
    expect(probe.system.counters()).toMatchObject({ crashes: 0, messages: 5_000 });
  });

  it('bounds, measures and accounts for every mailbox (D5)', async () => {
    const probe = new Probe();
    const mailbox = { limitCount: 5, limitBytes: 100, overflow: 'dropNew' as const };
    await probe.start({ children: [probe.worker('a', { mailbox })] });
    for (let count = 0; count < 8; count += 1) probe.send('a', { type: 'drained' });
    expect(probe.node('a')?.mailbox).toEqual({ count: 5, bytes: 0, highWater: 5, dropped: 3 });
    await probe.during(probe.system.terminateChild('root', 'a'));
    // The shutdown came first: what still waited is dead, not forgotten.
    const { overflow, stopped } = probe.system.deadLetterCounts();
    expect(overflow + stopped + probe.system.counters().messages).toBe(8);
  });

  it('stops in reverse order and waits for each cleanup (D6)', async () => {
    const probe = new Probe();
    const slow = (id: string) =>
      probe.worker(
        id,
        {},
        {
          onStart: (cell) =>
            cell.scope.defer('slow', async () => {
              await new Promise<void>((resolve) => {
                cell.clock.setTimeout(resolve, 10);
              });
              probe.journal.push(`${id} is clean`);
            }),
        },
      );
    await probe.start({ children: [slow('a'), slow('b')] });
    probe.clear();
    void probe.system.stop();
    await probe.advance(100);
    expect(probe.journal).toEqual(['b is clean', 'end b', 'a is clean', 'end a']);
  });

  it('restarts into a new machine; what the old one left behind is fenced (D7)', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const old = probe.cells.get('a')!;
    await probe.crash('a');
    old.raise({ type: 'explode' });
    old.crash(new Error('ghost'));
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
    expect(probe.system.counters().fenced).toBe(1);
  });

  it('is not hurt by listeners that look at it: reports, tree, traces (D8)', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const boom = () => {
      throw new Error('listener');
    };
    probe.system.onTreeChange(boom);
    probe.system.trace({ pattern: '**', limit: 10, forMs: 10 }, boom, boom);
    expect(probe.send('a', { type: 'note', text: 'hello' })).toBe('queued');
    await probe.crash('a');
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
    expect(probe.journal).toContain('note a: hello');
  });

  it('fires deadlines of a restarted actor anew, and none of its predecessor (D9)', async () => {
    const probe = new Probe();
    const fired: number[] = [];
    const timed = probe.worker(
      'a',
      {},
      {
        onStart: (cell) => void cell.scope.after(100, () => void fired.push(cell.epoch)),
      },
    );
    await probe.start({ children: [timed], ...roomy });
    await probe.advance(60);
    await probe.crash('a');
    await probe.advance(99);
    expect(fired).toEqual([]);
    await probe.advance(1);
    expect(fired).toEqual([2]);
  });

  it('stops many actors with a timer each in time that grows with their number only (D10)', async () => {
    const timersTouched = async (count: number) => {
      const probe = new Probe();
      const children = Array.from({ length: count }, (_, index) =>
        probe.worker(
          `n${index}`,
          {},
          { onStart: (cell) => void cell.scope.after(1e6, () => undefined) },
        ),
      );
      await probe.start({ children });
      let touched = 0;
      const { clock } = probe.environment;
      const clear = clock.clearTimeout.bind(clock);
      clock.clearTimeout = (timer) => {
        touched += 1;
        clear(timer);
      };
      await probe.during(probe.system.stop());
      return touched;
    };
    const [few, many] = [await timersTouched(100), await timersTouched(200)];
    expect(many / few).toBeCloseTo(2, 1);
  });
});

describe('at scale', () => {
  /** Milliseconds to start and to stop so many dynamic children. */
  async function lives(count: number): Promise<number> {
    const probe = new Probe();
    const dynamic = { type: 'supervisor', id: 'd', strategy: 'dynamic' } as const;
    const system = await startSystem(
      { ...one, id: 'root', children: [dynamic] },
      { environment: nodeEnvironment() },
    );
    const started = performance.now();
    const results = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        system.startChild('d', probe.worker(`n${index}`)),
      ),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(system.countChildren('d')).toMatchObject({ active: count, workers: count });
    await deadline('stop', system.stop(), 30_000);
    return performance.now() - started;
  }

  it('10,000 dynamic children start and stop in near-linear time', async () => {
    await lives(1_000);
    const half = await lives(5_000);
    const all = await lives(10_000);
    // Quadratic work would be 4; twice is linear; the rest is a noisy machine.
    expect(all / half).toBeLessThan(3.5);
  });

  it('a busy actor lets timers and others through', async () => {
    const probe = new Probe();
    let isOver = false;
    const busy = probe.worker(
      'busy',
      {},
      {
        receive: (message) => {
          if (!isOver) system.ref('busy').send(message);
        },
      },
    );
    let quiet = 0;
    const other = probe.worker('quiet', {}, { receive: () => void (quiet += 1) });
    const root = { ...one, id: 'root', children: [busy, other] };
    const system = await startSystem(root, { environment: nodeEnvironment() });
    system.ref('busy').send({ type: 'drained' });
    await eventually('ten answers', () => {
      system.ref('quiet').send({ type: 'drained' });
      return quiet >= 10;
    });
    isOver = true;
    await deadline('stop', system.stop());
  });
});
