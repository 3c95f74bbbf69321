import { Histogram, Registry, type Metric } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Distribution } from '#codi/telemetry/distribution.js';

const upperBounds = [0.001, 0.5, 2.5];
const values = [0, 0.001, 0.0011, 0.5, 1 / 3, 2.5, 2.6, 1e9, -1];

/** What a registry shows of a histogram, and of a distribution that was told the same. */
async function shown(labelNames: string[], rows: Record<string, string>[]) {
  const [theirs, ours] = [new Registry(), new Registry()];
  const common = { name: 'codi_test_seconds', help: 'A test\nof "words".', labelNames };
  const histogram = new Histogram({ ...common, buckets: upperBounds, registers: [theirs] });
  const distribution = new Distribution({ ...common, upperBounds });
  ours.registerMetric(distribution as unknown as Metric);
  for (const [index, labels] of rows.entries()) {
    const value = values[index % values.length] as number;
    histogram.observe(labels, value);
    distribution.observe({ ...labels }, value);
  }
  return { theirs: await theirs.metrics(), ours: await ours.metrics() };
}

describe('a distribution', () => {
  it('is shown as a histogram of prom-client is, with labels or without, before its first value as well', async () => {
    const kinds = ['Health', 'ListWatches', 'a "quoted"\nname'];
    const pairs = kinds.flatMap((kind) => ['on', 'off'].map((when) => ({ kind, when })));
    const many = <Row>(rows: Row[]) => Array.from({ length: 7 }, () => rows).flat();
    for (const [labelNames, rows] of [
      [[], []],
      [[], many([{}])],
      [['kind'], []],
      [['kind'], many(kinds.map((kind) => ({ kind })))],
      [['kind', 'when'], many(pairs)],
    ] as [string[], Record<string, string>[]][]) {
      const { theirs, ours } = await shown(labelNames, rows);
      expect(ours).toBe(theirs);
    }
  });

  it('refuses what is no number', () => {
    const distribution = new Distribution({ name: 'x', help: 'x', labelNames: [], upperBounds });
    for (const value of [Number.NaN, Infinity])
      expect(() => distribution.observe({}, value)).toThrow(TypeError);
  });
});
