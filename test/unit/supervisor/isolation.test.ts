import { describe, expect, it } from 'vitest';
import type { ActorSpec, CellContext } from '#codi/supervisor/index.js';
import type { VirtualHost } from '../../support/virtual-environment.ts';
import { Probe, type ProbeEvent, type ProbeOptions } from './probe.ts';

const entry = new URL('file:///entry.js');
const isolation = { kind: 'thread', entry, data: { path: '/db' } } as const;
const roomy = { intensity: 100, periodMs: 1_000 };

/** A probe with one thread-backed actor; its host is left to the test. */
async function hosted(overrides: Partial<ActorSpec> = {}, options: ProbeOptions = {}) {
  const probe = new Probe();
  const received: unknown[] = [];
  const onStart = (cell: CellContext<ProbeEvent>) => {
    cell.host!.onMessage((message) => received.push(message));
    options.onStart?.(cell);
  };
  const a = probe.worker('a', { isolation, ...overrides }, { ...options, onStart });
  const other = probe.worker('other');
  const starting = probe.start({ children: [a, other], ...roomy });
  await starting;
  return { probe, received, host: () => probe.environment.hosts.at(-1)! };
}

async function ready(probe: Probe, host: VirtualHost): Promise<void> {
  host.emit({ type: 'sys.ready', head: 7 });
  await probe.settle();
}

describe('an actor with a thread or process', () => {
  it('starts its behaviour only when the host is ready, and gets that message first', async () => {
    const { probe, received, host } = await hosted();
    expect(host()).toMatchObject({ name: 'a#1', entry, data: { path: '/db' }, kind: 'thread' });
    expect(probe.journal).toEqual([]);
    host().emit({ type: 'sys.ready', head: 7 });
    host().emit({ type: 'early' });
    expect(received).toEqual([]);
    await probe.settle();
    host().emit({ type: 'later' });
    expect(received).toEqual([
      { type: 'sys.ready', head: 7 },
      { type: 'early' },
      { type: 'later' },
    ]);
    expect(probe.journal).toEqual(['start a', 'start other']);
    expect(probe.node('a')?.isolation).toBe('thread 1');
  });

  it('does not start when the host says why not', async () => {
    const probe = new Probe();
    probe.environment.spawnThread = () => {
      throw new Error('no threads left');
    };
    await expect(probe.start({ children: [probe.worker('a', { isolation })] })).rejects.toThrow(
      'no threads left',
    );
  });

  it.each([
    ['says why', (host: VirtualHost) => host.emit({ type: 'sys.startFailed', message: 'locked' })],
    ['dies', (host: VirtualHost) => host.exit({ code: 1, signal: null })],
    ['dies cleanly', (host: VirtualHost) => host.exit({ code: 0, signal: null })],
  ])('fails a restart when the host %s before it is ready, and tries again', async (_how, end) => {
    const { probe, host } = await hosted();
    await ready(probe, host());
    await probe.crash('a');
    const second = host();
    expect(second.name).toBe('a#2');
    end(second);
    await probe.settle();
    expect(probe.kinds()).toContain('startFailed');
    expect(host().name).toBe('a#3');
    expect(second.hasExited).toBe(true);
    await ready(probe, host());
    expect(probe.node('a')?.state).toBe('idle');
  });

  it('times out a host that is never ready, and kills it', async () => {
    const { probe, host } = await hosted({ startTimeoutMs: 300 });
    await ready(probe, host());
    await probe.crash('a');
    const hung = host();
    await probe.advance(300);
    expect(hung.kills).toBe(1);
    expect(host().name).toBe('a#3');
    expect(probe.reports).toContainEqual(
      expect.objectContaining({
        kind: 'startFailed',
        reason: { kind: 'startTimeout', afterMs: 300 },
      }),
    );
  });

  it('crashes when its host ends unexpectedly', async () => {
    const { probe, host } = await hosted();
    await ready(probe, host());
    host().exit({ code: null, signal: 'SIGSEGV' });
    await probe.settle();
    expect(probe.node('a')?.lastExit?.reason).toContain('ended unexpectedly with signal SIGSEGV');
    await ready(probe, host());
    expect(probe.epoch('a')).toBe(2);
  });

  it('may end by itself when it hears of the end of its host first', async () => {
    const { probe, host } = await hosted(
      { restart: 'transient' },
      { onStart: (cell) => cell.host!.onExit(() => cell.raise({ type: 'finish' })) },
    );
    await ready(probe, host());
    host().exit({ code: 0, signal: null });
    await probe.settle();
    expect(probe.node('a')).toMatchObject({ state: 'stopped', lastExit: { reason: 'normal' } });
  });

  it('drains through its host, which ends by itself', async () => {
    const { probe, host } = await hosted(
      {},
      {
        onShutdown: 'drain',
        onStart: (cell) => cell.host!.onExit(() => cell.raise({ type: 'drained' })),
        onDrain: (cell) => cell.host!.post({ type: 'stop' }),
      },
    );
    host().onPost = (message) => (message as { type: string }).type === 'stop' && host().exit();
    await ready(probe, host());
    const stopped = probe.system.stop();
    await probe.during(stopped);
    await expect(stopped).resolves.toMatchObject({ unstopped: [] });
    expect(host()).toMatchObject({ kills: 0, hasExited: true });
    expect(probe.kinds()).not.toContain('shutdownError');
  });

  it('is down when its host ended during shutdown, whether its machine noticed or not', async () => {
    const { probe, host } = await hosted({}, { onShutdown: 'ignore' });
    await ready(probe, host());
    const stopped = probe.system.stop();
    await probe.settle();
    host().exit();
    await probe.during(stopped);
    expect(probe.kinds()).not.toContain('shutdownError');
  });

  it('has its host killed after the time to end, after the cleanups', async () => {
    const { probe, host } = await hosted({ shutdown: 400 }, { onShutdown: 'ignore' });
    await ready(probe, host());
    const stopped = probe.system.stop();
    await probe.advance(400);
    await stopped;
    expect(host().kills).toBe(1);
    expect(probe.journal.at(-1)).toBe('end a');
  });

  it('is reported when even the kill does not end it', async () => {
    const { probe, host } = await hosted({}, {});
    await ready(probe, host());
    host().isImmortal = true;
    const stopped = probe.system.stop();
    await probe.advance(5_000);
    await expect(stopped).resolves.toMatchObject({
      unstopped: [{ path: 'a', reason: 'thread 1 still alive 5000 ms after its kill' }],
    });
  });

  it('ignores and counts what an earlier host still sends', async () => {
    const { probe, received, host } = await hosted();
    const first = host();
    first.isImmortal = true;
    await ready(probe, first);
    await probe.crash('a');
    await probe.advance(5_000);
    await ready(probe, host());
    received.length = 0;
    first.emit({ type: 'ghost' });
    first.exit({ code: 0, signal: null });
    await probe.settle();
    expect(received).toEqual([]);
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
    expect(probe.system.counters().fenced).toBe(1);
  });

  it('crashes by an error in a listener, wrapped or not', async () => {
    const { probe, host } = await hosted(
      {},
      {
        onStart: (cell) =>
          cell.host!.onMessage((message) => {
            if ((message as { type: string }).type === 'poison') throw new Error('poison');
          }),
      },
    );
    await ready(probe, host());
    host().emit({ type: 'poison' });
    await probe.settle();
    expect(probe.node('a')?.lastExit?.reason).toBe('crashed: Error: poison');
  });

  it('crashes when its host floods it before it listens', async () => {
    const { probe, host } = await hosted();
    host().emit({ type: 'sys.ready' });
    for (let count = 0; count < 10_001; count += 1) host().emit({ type: 'flood' });
    await probe.settle();
    expect(probe.kinds()).toContain('startFailed');
  });
});
