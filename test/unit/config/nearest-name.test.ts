import { expect, test } from 'vitest';

import { nearestName } from '#codi/config/nearest-name.js';

const NAMES = ['settle', 'settle_max', 'scan_interval', 'mode'];

test('A swapped, missing, doubled or wrong letter is recognised.', () => {
  for (const word of ['setlte', 'sette', 'setttle', 'sattle', 'SETTLE']) {
    expect(nearestName(word, NAMES), word).toBe('settle');
  }
});

test('A word that is like none gets no suggestion.', () => {
  expect(nearestName('colour', NAMES)).toBeUndefined();
  expect(nearestName('', NAMES)).toBeUndefined();
});

test('The nearest of several candidates is suggested.', () => {
  expect(nearestName('settle_mx', NAMES)).toBe('settle_max');
});
