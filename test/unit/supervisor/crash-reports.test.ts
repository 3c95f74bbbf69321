import { describe, expect, it } from 'vitest';
import { CRASHES_LIMIT } from '#codi/supervisor/crash-store.js';
import { toPlain } from '#codi/supervisor/plain-data.js';
import { Probe } from './probe.ts';

const roomy = { intensity: 1_000, periodMs: 1_000 };

describe('a crash report', () => {
  it("has OTP's shape: crasher, ancestors, links, neighbours, unread messages, last ones, and the machine", async () => {
    const probe = new Probe();
    const children = [probe.worker('a'), probe.worker('b')];
    const inner = {
      type: 'supervisor',
      id: 'in',
      strategy: 'one_for_one',
      ...roomy,
      children,
    } as const;
    await probe.start({ children: [inner] });
    probe.cells.get('in/a')!.link('in/b');
    probe.cells.get('in/b')!.trapExits(() => undefined);
    probe.send('in/a', { type: 'note', text: 'first' });
    probe.send('in/a', { type: 'explode' });
    probe.send('in/a', { type: 'drained' });
    await probe.settle();
    const [record] = probe.system.crashes();
    expect(record).toMatchObject({
      count: 1,
      report: {
        crasher: {
          path: 'in/a',
          name: 'in/a',
          epoch: 1,
          pid: 'in/a#1',
          isolation: 'inline',
          messagesHandled: 2,
        },
        reason: 'crashed: Error: machine exploded',
        error: { name: 'Error', message: 'machine exploded' },
        message: 'explode',
        ancestors: ['in', 'root'],
        links: ['in/b'],
        neighbours: [{ path: 'in/b', epoch: 1, state: 'idle', unread: 0 }],
        unread: { count: 1, types: ['drained'] },
        machine: { context: { isSlow: '<boolean>' } },
      },
    });
    expect(record!.report.recent.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['note', 'handled'],
      ['explode', 'crashed'],
    ]);
    expect(record!.report.error?.stack).toContain('probe');
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
    expect(probe.reports).toContainEqual(
      expect.objectContaining({ kind: 'crash', path: 'in/a', fingerprint: record!.fingerprint }),
    );
  });

  it('is kept once for crashes that differ in numbers only, with their count', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    const crash = async (text: string) => {
      const error = new Error(text);
      error.stack = `Error: ${text}\n    at somewhere (file.ts:1:2)`;
      probe.cells.get('a')!.crash(error);
      await probe.settle();
    };
    await crash('row 17 is bad');
    await crash('row 18 is bad');
    await crash('column is bad');
    const records = probe.system.crashes();
    expect(records.map(({ count }) => count)).toEqual([1, 2]);
    expect(probe.kinds().filter((kind) => kind === 'crash')).toHaveLength(2);
  });

  it('is kept for so many kinds only, and none is made of what was meant', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], intensity: 1e9 });
    for (let count = 0; count < CRASHES_LIMIT + 3; count += 1) {
      probe.cells.get('a')!.crash(new Error(`kind ${'x'.repeat(count)}`));
      await probe.settle();
    }
    expect(probe.system.crashes(1_000)).toHaveLength(CRASHES_LIMIT);
    const before = probe.system.crashes(1);
    probe.system.kill('a');
    await probe.during(probe.system.restartActor('a'));
    await probe.during(probe.system.stopActor('a'));
    expect(probe.system.crashes(1)).toEqual(before);
  });

  it('is made of a failed start too', async () => {
    const probe = new Probe();
    await probe.start({ children: [], ...roomy });
    const spec = probe.worker(
      'a',
      {},
      {
        onStart: () => {
          throw new Error('locked');
        },
      },
    );
    await probe.during(probe.system.startChild('root', spec));
    expect(probe.system.crashes()).toMatchObject([
      { report: { reason: 'start failed: Error: locked', machine: undefined } },
    ]);
  });
});

describe("the supervisor's own reports", () => {
  it("have OTP's error context and offender", async () => {
    const probe = new Probe();
    const stubborn = probe.worker(
      's',
      { shutdown: 10, restart: 'transient' },
      { onShutdown: 'ignore' },
    );
    await probe.start({ children: [probe.worker('a'), stubborn], intensity: 1 });
    await probe.crash('a');
    await probe.crash('a');
    await probe.advance(10);
    const told = probe.system.recentReports(100).reverse();
    const contexts = told.flatMap(({ errorContext, path }) =>
      errorContext ? [[errorContext, path]] : [],
    );
    expect(contexts).toEqual([
      ['progress', 'a'],
      ['progress', 's'],
      ['progress', 'root'],
      ['child_terminated', 'a'],
      ['progress', 'a'],
      ['child_terminated', 'a'],
      ['shutdown', 'root'],
      ['shutdown_error', 's'],
    ]);
    expect(told.find(({ errorContext }) => errorContext === 'child_terminated')).toMatchObject({
      supervisor: 'root',
      detail: { reason: 'crashed: Error: a crashed' },
      offender: {
        pid: 'a#1',
        id: 'a',
        restartType: 'permanent',
        significant: false,
        shutdown: 5_000,
        childType: 'worker',
      },
    });
  });

  it('of a restart name the cause, the message and the attempt', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a')], ...roomy });
    probe.send('a', { type: 'explode' });
    await probe.settle();
    expect(probe.reports.find(({ kind }) => kind === 'childRestarted')).toMatchObject({
      cause: { kind: 'crash' },
      message: 'explode',
      attempt: 1,
      epoch: 2,
    });
  });
});

describe('plain data', () => {
  it('is bounded and never throws, whatever it is made of', () => {
    const cycle: Record<string, unknown> = { when: new Date(0), map: new Map([['k', 1n]]) };
    cycle['self'] = cycle;
    cycle['bad'] = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    cycle['many'] = Array.from({ length: 200 }, () => 0);
    cycle['set'] = new Set(['a']);
    cycle['fn'] = () => 0;
    cycle['nan'] = Number.NaN;
    cycle['bytes'] = new Uint8Array(3);
    const plain = toPlain(cycle) as Record<string, unknown>;
    expect(plain).toMatchObject({
      self: '<cycle>',
      bad: '<unreadable>',
      map: { k: '1' },
      set: ['a'],
      fn: '<function>',
      nan: 'NaN',
      bytes: '<3 bytes>',
    });
    expect(plain['many']).toHaveLength(101);
    expect(toPlain({ a: { b: {} } }, { depth: 1 })).toEqual({ a: '…' });
    expect(
      JSON.stringify(
        toPlain(
          Array.from({ length: 99 }, () => ({ a: [1] })),
          { nodes: 20 },
        ),
      ),
    ).toHaveLength(
      JSON.stringify(
        toPlain(
          Array.from({ length: 99 }, () => ({ a: [1] })),
          { nodes: 20 },
        ),
      ).length,
    );
  });
});
