import { kill } from 'node:process';
import { describe, expect, it } from 'vitest';
import {
  checkChildSpecs,
  isBlocking,
  nodeEnvironment,
  readInFlight,
  startSystem,
  type CellContext,
  type Down,
  type Host,
  type Report,
  type System,
} from '#codi/supervisor/index.js';
import { eventually } from '../../support/deadline.ts';
import { Probe, type ProbeEvent, type ProbeOptions } from './probe.ts';

const entry = new URL('file:///entry.js');
const heartbeat = { timeoutMs: 4_000 };
const roomy = { intensity: 100, periodMs: 1_000 };

async function watched(options: ProbeOptions = {}) {
  const probe = new Probe();
  const a = probe.worker('a', { isolation: { kind: 'thread', entry }, heartbeat }, options);
  await probe.start({ children: [probe.worker('other'), a], ...roomy });
  const host = () => probe.environment.hosts.at(-1)!;
  host().emit({ type: 'sys.ready' });
  await probe.settle();
  return { probe, host };
}

describe('a thread or process with a heartbeat', () => {
  it('that gives no sign of life is killed and ends as unresponsive: in reports, DOWN, crash record and last exit', async () => {
    const { probe, host } = await watched();
    const downs: Down[] = [];
    probe.cells.get('other')!.monitor('a', (down) => void downs.push(down));
    const first = host();
    await probe.advance(3_999);
    expect(first.kills).toBe(0);
    await probe.advance(1_001);
    expect(first.kills).toBe(1);
    const reason = { kind: 'unresponsive', silentMs: 5_000 };
    expect(downs).toEqual([{ path: 'a', epoch: 1, reason }]);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({ kind: 'childExited', path: 'a', reason, willRestart: true }),
    );
    expect(probe.system.crashes()[0]?.report).toMatchObject({
      reason: 'unresponsive for 5000 ms',
      crasher: { path: 'a', isolation: 'thread 1' },
    });
    host().emit({ type: 'sys.ready' });
    await probe.settle();
    expect(probe.node('a')).toMatchObject({
      epoch: 2,
      lastExit: { reason: 'unresponsive for 5000 ms' },
    });
  });

  it('lives as long as it says anything, and its beats are not for the behaviour', async () => {
    const received: unknown[] = [];
    const { probe, host } = await watched({
      onStart: (cell: CellContext<ProbeEvent>) =>
        cell.host?.onMessage((message) => received.push(message)),
    });
    for (let count = 0; count < 10; count += 1) {
      await probe.advance(3_900);
      if (count % 2 === 0) host().emit({ type: 'sys.alive', heapUsedBytes: 7_000, elu: 0.25 });
      else host().emit({ type: 'word' });
    }
    expect(probe.epoch('a')).toBe(1);
    expect(received.map((message) => (message as { type: string }).type)).toEqual([
      'sys.ready',
      ...Array.from({ length: 5 }, () => 'word'),
    ]);
    await probe.advance(100);
    expect(probe.system.inspect('a')).toMatchObject({
      worker: { threadId: 1, heapUsedBytes: 7_000, elu: 0.25, silentMs: 100 },
    });
  });

  it('is not watched before it is ready, nor without being asked for', async () => {
    const probe = new Probe();
    const isolation = { kind: 'thread', entry } as const;
    const slow = probe.worker('slow', { isolation, heartbeat, startTimeoutMs: 60_000 });
    await probe.start({ children: [{ type: 'supervisor', id: 'group', strategy: 'dynamic' }] });
    void probe.system.startChild('group', slow);
    void probe.system.startChild('group', probe.worker('free', { isolation }));
    await probe.settle();
    await probe.advance(9_000);
    const [first, second] = probe.environment.hosts;
    second!.emit({ type: 'sys.ready' });
    await probe.advance(30_000);
    expect([first!.kills, second!.kills]).toEqual([0, 0]);
  });

  it('stays what an operator asked for when it hangs on its way to it', async () => {
    const { probe, host } = await watched({ onShutdown: 'ignore' });
    void probe.system.restartActor('a', { why: 'stuck' });
    await probe.advance(6_000);
    host().emit({ type: 'sys.ready' });
    await probe.settle();
    expect(probe.node('a')).toMatchObject({
      epoch: 2,
      lastExit: { reason: 'restarted by operator: stuck' },
    });
  });

  it('must be one, and have time', () => {
    const probe = new Probe();
    const isolation = { kind: 'thread', entry } as const;
    const check = (overrides: object) => checkChildSpecs([probe.worker('a', overrides)]);
    expect(check({ heartbeat, isolation })).toEqual({ ok: true });
    expect(check({ heartbeat })).toEqual({
      ok: false,
      error: "Error: 'a': only a thread or process has a heartbeat",
    });
    expect(check({ heartbeat: { timeoutMs: 0 }, isolation })).toEqual({
      ok: false,
      error: "Error: 'a': heartbeat needs timeoutMs > 0",
    });
  });
});

describe('a real host with a heartbeat', () => {
  const beating = new URL('entries/beating.mjs', import.meta.url);

  async function running(kind: 'thread' | 'process', timeoutMs: number) {
    const probe = new Probe();
    const reports: Report[] = [];
    let host: Host | undefined;
    const a = probe.worker(
      'a',
      { isolation: { kind, entry: beating }, heartbeat: { timeoutMs }, startTimeoutMs: 60_000 },
      { onStart: (cell) => (host = cell.host) },
    );
    const root = {
      type: 'supervisor',
      id: 'root',
      strategy: 'one_for_one',
      children: [a],
    } as const;
    const system = await startSystem(
      { ...root, ...roomy },
      { environment: nodeEnvironment(), onReport: (report) => reports.push(report) },
    );
    return { system, reports, host: () => host! };
  }

  const isBack = (system: System) => async () => {
    const node = system.tree().children[0]!;
    return node.epoch === 2 && node.state === 'idle' ? node : undefined;
  };

  it('is terminated and replaced when its thread spins', async () => {
    const { system, host } = await running('thread', 1_000);
    host().post({ type: 'spin' });
    const node = await eventually('the next thread', isBack(system), 60_000);
    expect(node.lastExit?.reason).toMatch(/^unresponsive for \d+ ms$/);
    await system.stop();
  }, 90_000);

  it('is killed and replaced when its process is stopped', async () => {
    const { system, host } = await running('process', 1_000);
    const { id } = host();
    kill(id!, 'SIGSTOP');
    await eventually('the next process', isBack(system), 60_000);
    expect(() => kill(id!, 0)).toThrow('ESRCH');
    await system.stop();
  }, 90_000);

  it('is not taken for silent while it is the main thread that did not listen', async () => {
    const { system } = await running('thread', 400);
    const untilMs = performance.now() + 1_500;
    while (performance.now() < untilMs);
    const seen = async () => {
      const view = system.inspect('a');
      const worker = view === 'noproc' ? undefined : view.worker;
      return worker && worker.silentMs < 400 && worker.heapUsedBytes ? view : undefined;
    };
    const view = await eventually('a beat', seen, 30_000);
    expect(view).toMatchObject({ pid: 'a#1', lastExit: undefined });
    await system.stop();
  }, 60_000);
});

describe('an inline actor that keeps the thread', () => {
  it('shows in the tree and in its view afterwards, and to other threads meanwhile', async () => {
    const probe = new Probe();
    const { clock } = probe.environment;
    const real = clock.monotonicMs.bind(clock);
    let spunMs = 0;
    clock.monotonicMs = () => real() + spunMs;
    const meanwhile: boolean[] = [];
    const spin = () => {
      const inFlight = readInFlight(probe.system.inFlightBuffer())!;
      meanwhile.push(
        isBlocking(inFlight, clock.nowMs() + 500),
        isBlocking(inFlight, clock.nowMs() + 501),
      );
      spunMs += 600;
    };
    const a = probe.worker('a', {}, { receive: spin });
    await probe.start({ children: [a], ...roomy });
    expect(probe.node('a')?.lastBlock).toBeUndefined();
    probe.send('a', { type: 'drained' });
    await probe.settle();
    const lastBlock = { at: clock.nowMs(), tookMs: 600, message: 'drained' };
    expect(meanwhile).toEqual([false, true]);
    expect(probe.node('a')).toMatchObject({ state: 'idle', lastBlock });
    expect(probe.system.inspect('a')).toMatchObject({ lastBlock, stats: { unresponsive: 1 } });
  });
});
