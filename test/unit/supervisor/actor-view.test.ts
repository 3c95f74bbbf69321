import { describe, expect, it } from 'vitest';
import type { ActorView, CellContext } from '#codi/supervisor/index.js';
import { Probe, type ProbeEvent } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };
const backoff = { minMs: 1_000, maxMs: 1_000, factor: 1, jitter: 0, resetAfterMs: 60_000 };

function inspected(probe: Probe, path: string): ActorView {
  const view = probe.system.inspect(path);
  if (view === 'noproc') throw new Error(`no ${path}`);
  return view;
}

describe('the view of an actor', () => {
  it('tells state, kind, age, waiting messages and timers', async () => {
    const probe = new Probe();
    const onStart = (cell: CellContext<ProbeEvent>) => {
      cell.scope.after(9_000, () => undefined);
      cell.scope.after(500, () => undefined);
    };
    const a = probe.worker('a', { restart: 'transient' }, { onStart });
    await probe.start({ children: [a], ...roomy });
    await probe.advance(100);
    probe.system.suspend('a');
    probe.send('a', { type: 'note', text: 'secret' });
    probe.send('a', { type: 'drained' });
    const view = inspected(probe, 'a');
    expect(view).toMatchObject({
      pid: 'a#1',
      state: 'suspended',
      restartType: 'transient',
      isolation: 'inline',
      uptimeMs: 100,
      unread: { count: 2, types: ['note', 'drained'] },
      timers: [
        { delayMs: 500, dueInMs: 400 },
        { delayMs: 9_000, dueInMs: 8_900 },
      ],
    });
    expect(view.lastExit).toBeUndefined();
    expect(view.nextRetryAt).toBeUndefined();
    expect(view.inFlight).toBeUndefined();
    expect(view.worker).toBeUndefined();
    expect(JSON.stringify(view)).not.toContain('secret');
  });

  it('tells of one that waits for its restart why it ended and when it is tried again', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { backoff })], ...roomy });
    await probe.crash('a');
    const nowMs = probe.environment.clock.nowMs();
    const view = inspected(probe, 'a');
    expect(view).toMatchObject({
      state: 'backing-off',
      uptimeMs: 0,
      nextRetryAt: nowMs + 1_000,
      lastExit: { reason: 'crashed: Error: a crashed', at: nowMs, error: { message: 'a crashed' } },
      timers: [],
    });
    expect(view.lastExit?.error?.stack).toContain('probe.ts');
  });

  it('tells what is in hand, from inside of its turn', async () => {
    const probe = new Probe();
    const seen: ActorView[] = [];
    const look = () => void seen.push(inspected(probe, 'a'), inspected(probe, 'b'));
    const a = probe.worker('a', {}, { receive: look });
    await probe.start({ children: [a, probe.worker('b')], ...roomy });
    probe.send('a', { type: 'drained' });
    await probe.settle();
    const sinceMs = probe.environment.clock.nowMs();
    expect(seen.map(({ inFlight }) => inFlight)).toEqual([
      { type: 'drained', sinceMs, forMs: 0 },
      undefined,
    ]);
  });

  it('names the thread or process behind it', async () => {
    const probe = new Probe();
    const isolated = (kind: 'thread' | 'process') =>
      probe.worker(kind, { isolation: { kind, entry: new URL('file:///entry.js') } });
    await probe.start({ children: [isolated('thread')], ...roomy });
    probe.environment.hosts[0]!.emit({ type: 'sys.ready' });
    await probe.settle();
    void probe.system.startChild('root', isolated('process'));
    await probe.settle();
    expect(inspected(probe, 'thread').worker).toEqual({ threadId: 1, silentMs: 0 });
    expect(inspected(probe, 'process').worker).toEqual({ pid: 4_002, silentMs: 0 });
  });
});
