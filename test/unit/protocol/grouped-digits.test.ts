import { expect, test } from 'vitest';
import { groupedDigits } from '#codi/protocol/grouped-digits.js';

test('A number is rounded, and its thousands are separated by commas.', () => {
  const shown = [0, 7, 999, 1_000, 1_234_567.6, -1_234].map(groupedDigits);
  expect(shown).toEqual(['0', '7', '999', '1,000', '1,234,568', '-1,234']);
});
