import { openRuntimeMeter } from '#codi/platform/runtime-meter.js';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../support/deadline.ts';

let close: (() => void) | undefined;
afterEach(() => close?.());

function open(onGarbageCollected: (kind: string, durationMs: number) => void = () => undefined) {
  const meter = openRuntimeMeter(onGarbageCollected);
  close = meter.close;
  return meter;
}

/** Keeps the thread busy without a pause. */
function spin(durationMs: number): void {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
}

test('A busy thread is seen as a delay, once.', async () => {
  const meter = open();
  // Two firings bound the pause that is measured; to look in between would forget the first.
  await new Promise((resolve) => setTimeout(resolve, 300));
  spin(400);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const longest = await eventually('the delay', () => {
    const { maxMs } = meter.takeLoopDelay();
    return maxMs > 300 && maxMs;
  });
  expect(longest).toBeGreaterThan(300);
});

test('Without a firing in the interval there is no delay to tell, and no nonsense number.', () => {
  const meter = open();
  meter.takeLoopDelay();
  expect(meter.takeLoopDelay()).toEqual({ meanMs: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
});

test('Collections are told with their kind.', async () => {
  const kinds = new Set<string>();
  open((kind) => kinds.add(kind));
  let garbage: unknown[] = [];
  await eventually('a collection', () => {
    garbage = Array.from({ length: 100_000 }, (_, index) => ({ index }));
    return kinds.size > 0;
  });
  expect(garbage.length).toBeGreaterThan(0);
  for (const kind of kinds) expect(['minor', 'major', 'incremental', 'weakcb']).toContain(kind);
});

test('The numbers of the process are there, and in their units.', async () => {
  const numbers = await open().readProcess();
  expect(numbers.rssBytes).toBeGreaterThan(10_000_000);
  expect(numbers.cpuUserMs).toBeGreaterThan(10);
  expect(Math.abs(numbers.startedAtMs - Date.now())).toBeLessThan(3_600_000);
  if (process.platform === 'linux') {
    expect(numbers.openFds).toBeGreaterThan(3);
    expect(numbers.maxFds).toBeGreaterThanOrEqual(numbers.openFds!);
  }
});
