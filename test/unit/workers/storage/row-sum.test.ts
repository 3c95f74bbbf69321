import { expect, test } from 'vitest';
import { rowSum } from '#codi/workers/storage/row-sum.js';

test('the sum over text and numbers is the one over the same bytes, column by column', () => {
  for (const text of ['', 'producer', 'é€𝄞']) {
    expect(rowSum(text, 7, 1.5)).toBe(rowSum(Buffer.from(text), 7, 1.5));
    expect(rowSum(text, '23')).not.toBe(rowSum(`${text}2`, '3'));
  }
});
