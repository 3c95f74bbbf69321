import { describe, expect, it } from 'vitest';
import { behaviour, type ActorSpec } from '#codi/supervisor/index.js';
import { setup } from '#codi/supervisor/statechart.js';
import { Probe } from './probe.ts';

/** A machine made of what a test puts into its start. */
function machineOf(entry: () => void) {
  return setup({ actions: { entry } }).createMachine({
    initial: 'on',
    states: {
      on: { tags: ['ready'], entry: 'entry', on: { 'sys.shutdown': 'off' } },
      off: { type: 'final' },
    },
  });
}

const boom = (): never => {
  throw new Error('injected');
};

interface Faults {
  isOn: boolean;
}

/** Each breaks one step of a restart while `faults.isOn`. */
const steps: Record<string, (probe: Probe, faults: Faults) => ActorSpec> = {
  'the cleanup of the old one throws': (probe, faults) =>
    probe.worker(
      'a',
      {},
      {
        onStart: (cell) =>
          cell.scope.defer('bad', () => {
            if (faults.isOn) boom();
          }),
      },
    ),
  'the cleanup of the old one rejects': (probe, faults) =>
    probe.worker(
      'a',
      {},
      {
        onStart: (cell) =>
          cell.scope.defer('bad', async () => {
            if (faults.isOn) boom();
          }),
      },
    ),
  'the cleanup of the old one hangs': (probe, faults) =>
    probe.worker(
      'a',
      {},
      {
        onStart: (cell) =>
          cell.scope.defer('hangs', () => (faults.isOn ? new Promise(() => undefined) : undefined)),
      },
    ),
  'the thread cannot be spawned': (probe, faults) => {
    const { environment } = probe;
    const spawn = environment.spawnThread.bind(environment);
    environment.spawnThread = (entry, options) => {
      if (faults.isOn) boom();
      const host = spawn(entry, options);
      queueMicrotask(
        () =>
          host.constructor &&
          (host as never as { emit(message: unknown): void }).emit({ type: 'sys.ready' }),
      );
      return host;
    };
    return probe.worker('a', { isolation: { kind: 'thread', entry: new URL('file:///x.js') } });
  },
  'the thread never says that it is ready': (probe, faults) => {
    const { environment } = probe;
    const spawn = environment.spawnThread.bind(environment);
    environment.spawnThread = (entry, options) => {
      const host = spawn(entry, options);
      if (!faults.isOn)
        queueMicrotask(() =>
          (host as never as { emit(message: unknown): void }).emit({ type: 'sys.ready' }),
        );
      return host;
    };
    return probe.worker('a', {
      startTimeoutMs: 50,
      isolation: { kind: 'thread', entry: new URL('file:///x.js') },
    });
  },
  'start() throws': (probe, faults) =>
    probe.worker(
      'a',
      {},
      {
        onStart: () => {
          if (faults.isOn) boom();
        },
      },
    ),
  'start() gives no behaviour': (probe, faults) => {
    const good = probe.worker('a');
    return { ...good, start: (cell) => (faults.isOn ? (undefined as never) : good.start(cell)) };
  },
  'the machine cannot be created': (probe, faults) => {
    const good = probe.worker('a');
    return {
      ...good,
      start: (cell) => (faults.isOn ? { machine: {} as never, effects: {} } : good.start(cell)),
    };
  },
  'the machine throws when it starts': (probe, faults) => {
    const good = probe.worker('a');
    return {
      ...good,
      start: (cell) =>
        faults.isOn ? behaviour({ machine: machineOf(boom), effects: {} }) : good.start(cell),
    };
  },
  'it is never ready': (probe, faults) => {
    const slow = probe.worker('a', {}, { isSlow: true });
    const good = probe.worker('a');
    return {
      ...good,
      startTimeoutMs: 50,
      start: (cell) => (faults.isOn ? slow : good).start(cell),
    };
  },
  'it ends before it is ready': (probe, faults) =>
    probe.worker(
      'a',
      {},
      {
        onStart: (cell) => {
          if (faults.isOn) cell.raise({ type: 'finish' });
        },
        isSlow: false,
      },
    ),
  'it links to nobody while it starts': (probe, faults) =>
    probe.worker(
      'a',
      {},
      {
        onStart: (cell) => {
          if (faults.isOn) cell.link('ghost');
        },
      },
    ),
  'the first message it takes crashes it': (probe, faults) =>
    probe.worker(
      'a',
      {},
      {
        receive: () => {
          if (faults.isOn) boom();
        },
      },
    ),
  'its registered name is asked while it starts': (probe, faults) =>
    probe.worker(
      'a',
      { name: 'named' },
      {
        onStart: (cell) => {
          if (!faults.isOn) return;
          cell.lookup('named').send({ type: 'drained' });
          boom();
        },
      },
    ),
};

describe('a fault in the restart sequence', () => {
  it.each(Object.keys(steps))('leaves no zombie when %s', async (name) => {
    const probe = new Probe();
    const faults = { isOn: false };
    const backoff = { minMs: 10, maxMs: 10, factor: 1, jitter: 0, resetAfterMs: 1e9 };
    const spec = { ...steps[name]!(probe, faults), backoff };
    await probe.start({ children: [spec], intensity: 1e6, periodMs: 1e6 });
    expect(probe.node('a')?.state).toBe('idle');
    faults.isOn = true;
    const { name: registered = 'a' } = spec;
    probe.system.ref(registered).send({ type: 'drained' });
    await probe.crash('a');
    await probe.advance(300);
    probe.system.ref(registered).send({ type: 'drained' });
    await probe.advance(2_000);
    faults.isOn = false;
    await probe.advance(5_000);
    // Exactly one incarnation, which answers to its name, and nothing of the earlier ones.
    expect(probe.node('a')).toMatchObject({ state: 'idle' });
    expect(probe.system.ref(registered).send({ type: 'note', text: 'hello' })).toBe('queued');
    await probe.settle();
    if (!name.includes('message')) expect(probe.journal.at(-1)).toBe('note a: hello');
    const starts = probe.journal.filter((line) => line === 'start a').length;
    const ends = probe.journal.filter((line) => line === 'end a').length;
    expect(starts - ends).toBe(1);
    expect(living(probe.environment)).toBe(probe.node('a')!.isolation === 'inline' ? 0 : 1);
    expect(probe.system.resources().every(({ owner }) => owner === `a#${probe.epoch('a')}`)).toBe(
      true,
    );
    await probe.during(probe.system.stop());
    expect(living(probe.environment)).toBe(0);
    expect(probe.environment.clock.pendingTimers).toBe(0);
  });

  it('like a report listener that throws changes nothing', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], intensity: 9 });
    probe.reports.push = boom;
    await probe.crash('a');
    expect(probe.node('a')).toMatchObject({ epoch: 2, state: 'idle' });
    expect(probe.system.counters().listenerErrors).toBeGreaterThan(0);
  });
});

function living({ hosts }: Probe['environment']): number {
  return hosts.filter((host) => !host.hasExited).length;
}
