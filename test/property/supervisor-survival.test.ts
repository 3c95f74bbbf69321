import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelayMs, type Budget } from '#codi/supervisor/index.js';
import { HostPulse } from '#codi/supervisor/host-pulse.js';
import { Mailbox } from '#codi/supervisor/mailbox.js';
import { Probe } from '../unit/supervisor/probe.ts';

const budget: fc.Arbitrary<Budget> = fc.record({
  maxRestarts: fc.nat({ max: 5 }),
  withinMs: fc.integer({ min: 1, max: 10_000 }),
  onExhausted: fc.constantFrom('park' as const, 'retrySlow' as const),
  slowMs: fc.integer({ min: 1, max: 5_000 }),
});

describe('a child with a budget of its own', () => {
  it('never takes its supervisor down, and retrySlow always brings it back', async () => {
    const pauses = fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(budget, pauses, async (rules, waits) => {
        const probe = new Probe();
        const children = [probe.worker('a', { budget: rules }), probe.worker('b')];
        await probe.start({ children, intensity: 0 });
        for (const wait of waits) {
          await probe.advance(wait);
          if (probe.node('a')?.state === 'idle') await probe.crash('a');
        }
        await probe.advance(5_000);
        expect(probe.endReason).toBeUndefined();
        expect(probe.epoch('b')).toBe(1);
        const { state } = probe.node('a')!;
        expect(rules.onExhausted === 'park' ? ['idle', 'parked'] : ['idle']).toContain(state);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a kill by an operator, at any time', () => {
  it('leaves every permanent child running in the end', async () => {
    const paths = ['a', 'b', 'inner', 'inner/x', 'inner/y'];
    const kill = fc.record({ path: fc.constantFrom(...paths), waitMs: fc.nat({ max: 200 }) });
    const strategy = fc.constantFrom(
      'one_for_one' as const,
      'one_for_all' as const,
      'rest_for_one' as const,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(kill, { maxLength: 20 }),
        strategy,
        strategy,
        async (kills, outer, inner) => {
          const probe = new Probe();
          const slowEnd = {
            onStart: (cell: { scope: { defer(name: string, run: () => Promise<void>): void } }) =>
              cell.scope.defer(
                'slow',
                () => new Promise((resolve) => probe.environment.clock.setTimeout(resolve, 50)),
              ),
          };
          await probe.start({
            strategy: outer,
            intensity: 0,
            children: [
              probe.worker('a', {}, slowEnd),
              {
                type: 'supervisor',
                id: 'inner',
                strategy: inner,
                intensity: 0,
                children: [probe.worker('x', {}, slowEnd), probe.worker('y')],
              },
              probe.worker('b'),
            ],
          });
          for (const { path, waitMs } of kills) {
            probe.system.kill(path);
            await probe.advance(waitMs);
          }
          await probe.advance(60_000);
          expect(probe.endReason).toBeUndefined();
          for (const path of paths) {
            expect([path, probe.node(path)?.state]).toEqual([
              path,
              path === 'inner' ? 'running' : 'idle',
            ]);
          }
          const starts = probe.journal.filter((line) => line.startsWith('start')).length;
          const ends = probe.journal.filter((line) => line.startsWith('end')).length;
          expect(starts - ends).toBe(4);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('a mailbox', () => {
  it('is a queue with limits, whatever goes in and out', () => {
    const step = fc.oneof(
      fc.record({ offer: fc.nat({ max: 20 }) }),
      fc.constant('take' as const),
      fc.constant('clear' as const),
    );
    const overflow = fc.constantFrom(
      'dropNew' as const,
      'dropOld' as const,
      'crash' as const,
      'block' as const,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), overflow, (steps, policy) => {
        const limits = { limitCount: 40, limitBytes: 200 };
        const mailbox = new Mailbox({ ...limits, overflow: policy });
        let naive: { id: number; bytes: number }[] = [];
        const sum = () => naive.reduce((total, { bytes }) => total + bytes, 0);
        let offers = 0;
        let lost = 0;
        for (const step of steps) {
          if (step === 'take') {
            if (naive.length > 0) expect(mailbox.take()).toBe(naive.shift()!.id);
          } else if (step === 'clear') {
            expect(mailbox.clear()).toBe(naive.length);
            naive = [];
          } else {
            const bytes = step.offer;
            const isOver = () => naive.length >= 40 || sum() + bytes > 200;
            while (policy === 'dropOld' && isOver()) {
              naive.shift();
              lost += 1;
            }
            const isTaken = !isOver();
            expect(mailbox.offer(offers, bytes)).toBe(
              isTaken ? 'queued' : policy === 'crash' ? 'overflow' : 'dropped',
            );
            if (isTaken) naive.push({ id: offers, bytes });
            else if (policy !== 'block') lost += 1;
            offers += 1;
          }
          expect([mailbox.count, mailbox.bytes, mailbox.dropped]).toEqual([
            naive.length,
            sum(),
            lost,
          ]);
        }
      }),
    );
  });
});

describe('a backoff', () => {
  it('stays between its bounds and never shrinks without jitter', () => {
    const rules = fc.record({
      minMs: fc.nat({ max: 1_000 }),
      spanMs: fc.nat({ max: 100_000 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        rules,
        fc.nat({ max: 10_000 }),
        draw,
        ({ minMs, spanMs, ...rest }, attempt, drawn) => {
          const backoff = { minMs, maxMs: minMs + spanMs, resetAfterMs: 1, ...rest };
          const delay = backoffDelayMs(backoff, attempt, drawn);
          expect(delay).toBeLessThanOrEqual(backoff.maxMs);
          expect(delay).toBeGreaterThanOrEqual(minMs * (1 - rest.jitter));
          const plain = { ...backoff, jitter: 0 };
          expect(backoffDelayMs(plain, attempt + 1, 0)).toBeGreaterThanOrEqual(
            backoffDelayMs(plain, attempt, 0),
          );
        },
      ),
    );
  });
});

describe('a heartbeat', () => {
  it('is overdue after four looks in a row without a sign of life, and only then', () => {
    const history = fc.array(fc.constantFrom('beat' as const, 'look' as const), { maxLength: 60 });
    fc.assert(
      fc.property(history, (events) => {
        const pulse = new HostPulse(0);
        // The naive rule: what came between the last four looks and the one before them.
        let text = 'B';
        for (const event of events) {
          text += event === 'beat' ? 'B' : 'L';
          if (event === 'beat') pulse.heard(0);
          else expect(pulse.look()).toBe(/LLLLL$/.test(text));
        }
      }),
    );
  });
});
