import { describe, expect, it } from 'vitest';
import { Probe } from './probe.ts';

describe('shutdown', () => {
  it('lets an actor drain, with its mailbox open, before the one above it is asked', async () => {
    const probe = new Probe();
    const b = probe.worker(
      'b',
      {},
      {
        onShutdown: 'drain',
        onDrain: (cell) => {
          probe.journal.push('drain b');
          cell.scope.after(300, () => cell.raise({ type: 'drained' }));
        },
      },
    );
    await probe.start({ children: [probe.worker('a'), b] });
    const stopped = probe.system.stop();
    await probe.settle();
    probe.send('b', { type: 'note', text: 'last words' });
    await probe.advance(299);
    expect(probe.journal).toEqual(['start a', 'start b', 'drain b', 'note b: last words']);
    await probe.advance(1);
    expect(probe.journal.slice(4)).toEqual(['end b', 'end a']);
    await expect(stopped).resolves.toEqual({ unstopped: [], durationMs: 300 });
  });

  it('abandons, fences and reports an actor that does not end in time', async () => {
    const probe = new Probe();
    const stubborn = probe.worker('stubborn', { shutdown: 700 }, { onShutdown: 'ignore' });
    await probe.start({ children: [probe.worker('a'), stubborn] });
    const late = probe.cells.get('stubborn')!.scope.wrap(() => 'ran');
    const stopped = probe.system.stop();
    await probe.advance(700);
    const report = await stopped;
    expect(report.durationMs).toBe(700);
    expect(report.unstopped).toEqual([
      { path: 'stubborn', reason: 'did not end within 700 ms; abandoned' },
    ]);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({
        kind: 'shutdownError',
        path: 'stubborn',
        reason: { kind: 'abandoned', by: 'timeout', afterMs: 700 },
      }),
    );
    expect(probe.system.crashes()[0]?.report.reason).toBe('abandoned by timeout after 700 ms');
    expect(late()).toBeUndefined();
    expect(probe.journal.slice(-2)).toEqual(['end stubborn', 'end a']);
  });

  it('waits 5 s by default, for ever with infinity and not at all with kill', async () => {
    const probe = new Probe();
    const ignore = { onShutdown: 'ignore' } as const;
    const children = [
      probe.worker('default', {}, ignore),
      probe.worker('infinite', { shutdown: 'infinity' }, ignore),
      probe.worker('killed', { shutdown: 'kill' }, ignore),
    ];
    await probe.start({ children });
    const stopped = probe.system.stop();
    await probe.settle();
    expect(probe.journal.at(-1)).toBe('end killed');
    await probe.advance(100_000);
    expect(probe.journal.at(-1)).toBe('end killed');
    probe.send('infinite', { type: 'finish' });
    await probe.settle();
    expect(probe.journal.at(-1)).toBe('end infinite');
    await probe.advance(4_999);
    expect(probe.journal.at(-1)).toBe('end infinite');
    await probe.advance(1);
    expect(probe.journal.at(-1)).toBe('end default');
    await stopped;
    expect(probe.kinds().filter((kind) => kind === 'shutdownError')).toHaveLength(1);
  });

  it('goes on when an actor crashes on the way, and reports it', async () => {
    const probe = new Probe();
    const b = probe.worker(
      'b',
      {},
      {
        onShutdown: 'drain',
        onDrain: () => {
          throw new Error('cannot drain');
        },
      },
    );
    await probe.start({ children: [probe.worker('a'), b] });
    await probe.during(probe.system.stop());
    expect(probe.journal.slice(-2)).toEqual(['end b', 'end a']);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({ kind: 'shutdownError', path: 'b' }),
    );
    expect(probe.epoch('b')).toBe(1);
  });

  it('ends a start that hangs', async () => {
    const probe = new Probe();
    await probe.start({
      children: [{ type: 'supervisor', id: 'group', strategy: 'dynamic' }, probe.worker('b')],
    });
    const slow = probe.worker('slow', {}, { isSlow: true });
    const added = probe.system.startChild('group', slow);
    await probe.settle();
    await probe.during(probe.system.stop());
    await expect(added).resolves.toEqual({ ok: false, error: 'shutting_down' });
    expect(probe.journal.slice(-2)).toEqual(['end b', 'end slow']);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('interrupts a group restart and starts nothing any more', async () => {
    const probe = new Probe();
    const slowEnd = probe.worker('b', {}, { onShutdown: 'ignore' });
    const children = [probe.worker('a'), slowEnd, probe.worker('c')];
    await probe.start({ strategy: 'one_for_all', children, intensity: 100 });
    probe.clear();
    await probe.crash('c');
    const stopped = probe.system.stop();
    await probe.advance(5_000);
    await stopped;
    expect(probe.journal).toEqual(['end c', 'end b', 'end a']);
  });

  it('gives a supervisor with a limit only that long', async () => {
    const probe = new Probe();
    const inner = {
      type: 'supervisor' as const,
      id: 'inner',
      strategy: 'one_for_one' as const,
      shutdown: 100,
      children: [
        probe.worker('x', { shutdown: 'infinity' }, { onShutdown: 'ignore' }),
        probe.worker('y', { shutdown: 'infinity' }, { onShutdown: 'ignore' }),
      ],
    };
    await probe.start({ children: [inner] });
    const stopped = probe.system.stop();
    await probe.advance(99);
    expect(probe.journal).not.toContain('end y');
    await probe.advance(1);
    await stopped;
    expect(probe.journal.filter((line) => line.startsWith('end'))).toHaveLength(2);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('loses nothing silently: what nobody will read is counted', async () => {
    const probe = new Probe();
    const a = probe.worker('a', {}, { onShutdown: 'ignore', receive: () => undefined });
    await probe.start({ children: [a] });
    const ref = probe.system.ref<{ type: 'drained' }>('a');
    const stopped = probe.system.stop();
    await probe.advance(5_000);
    await stopped;
    expect(ref.send({ type: 'drained' })).toBe('noproc');
    expect(probe.system.ref('unknown').send({})).toBe('noproc');
    await probe.settle();
    expect(probe.system.counters().deadLetters).toBe(2);
    expect(probe.reports.filter((report) => report.kind === 'deadLetter')).toEqual([
      expect.objectContaining({ path: 'a', count: 1 }),
      expect.objectContaining({ path: 'unknown', count: 1 }),
    ]);
  });

  it('can be asked for twice', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')] });
    const first = probe.system.stop();
    expect(probe.system.stop()).toBe(first);
    await probe.during(first);
    expect(probe.journal).toEqual(['start a', 'end a']);
  });
});

describe('automatic shutdown', () => {
  const significant = { significant: true, restart: 'transient' } as const;

  it('ends the supervisor with the first significant child that ends well', async () => {
    const probe = new Probe();
    const children = [probe.worker('a', significant), probe.worker('b', significant)];
    await probe.start({ children, autoShutdown: 'any_significant', intensity: 5 });
    await probe.crash('a');
    expect(probe.endReason).toBeUndefined();
    probe.send('b', { type: 'finish' });
    await probe.settle();
    expect(probe.endReason).toBe('shutdown');
    expect(probe.journal.slice(-2)).toEqual(['end b', 'end a']);
    await expect(probe.system.settled).resolves.toEqual({ kind: 'shutdown' });
  });

  it('or with the last of them', async () => {
    const probe = new Probe();
    const children = [
      probe.worker('a', significant),
      probe.worker('b', { significant: true, restart: 'temporary' }),
      probe.worker('c'),
    ];
    await probe.start({ children, autoShutdown: 'all_significant', intensity: 5 });
    await probe.crash('b');
    expect(probe.endReason).toBeUndefined();
    probe.send('a', { type: 'finish' });
    await probe.settle();
    expect(probe.endReason).toBe('shutdown');
    expect(probe.kinds()).toContain('autoShutdown');
  });

  it('does not follow from terminateChild', async () => {
    const probe = new Probe();
    const children = [probe.worker('a', significant)];
    await probe.start({ children, autoShutdown: 'any_significant' });
    await probe.during(probe.system.terminateChild('root', 'a'));
    expect(probe.endReason).toBeUndefined();
    expect(probe.node('a')?.state).toBe('stopped');
  });
});
