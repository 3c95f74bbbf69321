import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BurstFold, commonPlace } from '#codi/cli/burst-fold.js';

const policy = { shownCount: 3, windowMs: 1000, quietMs: 400, maxMs: 2000 };

describe('folding of bursts', () => {
  it('shows the first rows and sums up the rest when it is quiet', () => {
    const fold = new BurstFold(policy);
    const shown = Array.from({ length: 10 }, (_, index) => fold.admit('lib/a', index * 10));
    expect(shown.filter(Boolean)).toHaveLength(3);
    expect(fold.settle(200)).toBeUndefined();
    expect(fold.settle(500)).toEqual({ count: 7, place: 'lib/a', durationMs: 60 });
    expect(fold.settle(1000)).toBeUndefined();
    expect(fold.admit('x', 600), 'a new burst begins').toBe(true);
  });

  it('sums up a burst that does not end from time to time', () => {
    const fold = new BurstFold(policy);
    for (let ms = 0; ms < 2500; ms += 10) fold.admit('lib', ms);
    const first = fold.settle(2500);
    expect(first?.count).toBe(247);
    expect(fold.admit('lib', 2510)).toBe(false);
    expect(fold.settle(3000)).toMatchObject({ count: 1 });
  });

  it('names the folder that all rows share', () => {
    expect(commonPlace('a/b/c', 'a/b/d')).toBe('a/b');
    expect(commonPlace('a/b', 'a/bc')).toBe('a');
    expect(commonPlace('a', 'b')).toBe('');
  });

  it('counts every row exactly once, shown or folded', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }), (gaps) => {
        const fold = new BurstFold(policy);
        let nowMs = 0;
        let count = 0;
        for (const gap of gaps) {
          nowMs += gap;
          count += fold.settle(nowMs)?.count ?? 0;
          if (fold.admit('x', nowMs)) count += 1;
        }
        count += fold.settle(nowMs, true)?.count ?? 0;
        expect(count).toBe(gaps.length);
      }),
    );
  });
});
