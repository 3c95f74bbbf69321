import { describe, expect, it } from 'vitest';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

describe('crashes', () => {
  const cases: [string, (probe: Probe) => void][] = [
    ['a machine that throws in an action', (probe) => probe.send('a', { type: 'explode' })],
    ['an effect handler that throws', (probe) => probe.send('a', { type: 'note', text: 'throw' })],
    [
      'an effect handler that rejects',
      (probe) => probe.send('a', { type: 'note', text: 'reject' }),
    ],
    [
      'a wrapped callback that throws',
      (probe) => probe.cells.get('a')!.scope.wrap(() => raiseError('callback'))(),
    ],
    [
      'a wrapped callback that rejects',
      (probe) =>
        void probe.cells
          .get('a')!
          .scope.wrap(async () => raiseError('callback'))()
          ?.catch(() => undefined),
    ],
    ['a call of crash()', (probe) => probe.cells.get('a')!.crash('why not')],
  ];
  it.each(cases)('from %s end their own cell and nobody else', async (_title, provoke) => {
    const probe = new Probe();
    const a = probe.worker(
      'a',
      {},
      {
        onNote: (text) => {
          if (text === 'throw') raiseError('effect');
          return text === 'reject' ? Promise.reject(new Error('effect')) : undefined;
        },
      },
    );
    await probe.start({ children: [a, probe.worker('b')], ...roomy });
    provoke(probe);
    await probe.settle();
    expect(probe.epoch('a')).toBe(2);
    expect(probe.epoch('b')).toBe(1);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({ kind: 'childExited', path: 'a', willRestart: true }),
    );
  });

  it('from receive() are the same', async () => {
    const probe = new Probe();
    const a = probe.worker('a', {}, { receive: () => raiseError('receive') });
    await probe.start({ children: [a], ...roomy });
    probe.send('a', { type: 'drained' });
    await probe.settle();
    expect(probe.epoch('a')).toBe(2);
  });

  it('fence what an ended incarnation handed out, and count it', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const old = probe.cells.get('a')!;
    let runs = 0;
    const callback = old.scope.wrap(() => {
      runs += 1;
      raiseError('late');
    });
    await probe.crash('a');
    callback();
    old.raise({ type: 'explode' });
    old.crash(new Error('late'));
    await probe.settle();
    expect(runs).toBe(0);
    expect(probe.epoch('a')).toBe(2);
    expect(probe.system.counters().fenced).toBe(2);
  });

  it('clean up last in, first out, on every way out, and abort the signal first', async () => {
    const probe = new Probe();
    const a = probe.worker(
      'a',
      {},
      {
        onStart: (cell) => {
          cell.scope.signal.addEventListener('abort', () => probe.journal.push('abort'));
          cell.scope.defer('first', () => void probe.journal.push('first'));
          cell.scope.defer('second', async () => {
            await Promise.resolve();
            probe.journal.push('second');
          });
          cell.scope.defer('broken', () => raiseError('cleanup'));
        },
      },
    );
    await probe.start({ children: [a], ...roomy });
    probe.clear();
    await probe.crash('a');
    expect(probe.journal).toEqual(['abort', 'second', 'first', 'end a', 'start a']);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({ kind: 'cleanupFailed', path: 'a', cleanup: 'broken' }),
    );
  });

  it('do not wait for a cleanup that hangs longer than its limit', async () => {
    const probe = new Probe();
    const a = probe.worker(
      'a',
      {},
      {
        onStart: (cell) => cell.scope.defer('stuck', () => new Promise<void>(() => undefined)),
      },
    );
    await probe.start({ children: [a], ...roomy });
    await probe.crash('a');
    expect(probe.epoch('a')).toBe(1);
    await probe.advance(2_000);
    expect(probe.epoch('a')).toBe(2);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({
        kind: 'unstopped',
        path: 'a',
        reason: "cleanup 'stuck' not done after 2000 ms",
      }),
    );
  });
});

function raiseError(message: string): never {
  throw new Error(message);
}
