import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  plural,
  showByteChange,
  showBytes,
  showCount,
  showDuration,
  showLargeCount,
} from '#codi/cli/amounts.js';
import { nearest } from '#codi/cli/nearest.js';
import { safeText } from '#codi/cli/safe-text.js';
import { tableLines } from '#codi/cli/table.js';
import { padRight, shortenEnd, shortenMiddle, textWidth } from '#codi/cli/text-width.js';

describe('text from outside', () => {
  it('shows control characters and bidi marks escaped', () => {
    expect(safeText('a\u001b[31mred\r\n\tb\u0007')).toBe('a\\e[31mred\\r\\n\\tb\\x07');
    expect(safeText('x\u202egnp.exe\u2066')).toBe('x\\u202egnp.exe\\u2066');
    expect(safeText('naïve 日本 👍')).toBe('naïve 日本 👍');
  });

  it('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // eslint-disable-next-line no-control-regex
        expect(safeText(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
    );
  });
});

describe('widths', () => {
  it('counts wide, combining and joined characters as a terminal does', () => {
    expect(textWidth('abc')).toBe(3);
    expect(textWidth('日本')).toBe(4);
    expect(textWidth('é')).toBe(1);
    expect(textWidth('👩‍👩‍👧')).toBe(2);
    expect(padRight('日', 4)).toBe('日  ');
  });

  it('shortens a path in its middle and keeps more of its end', () => {
    const path = 'packages/client/src/deep/folder/with/many/levels/monitor-client.ts';
    const short = shortenMiddle(path, 30);
    expect(textWidth(short)).toBe(30);
    expect(short.startsWith('packages/')).toBe(true);
    expect(short.endsWith('monitor-client.ts')).toBe(true);
    expect(shortenMiddle('short.ts', 30)).toBe('short.ts');
  });

  it('never exceeds the width it was given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 0, max: 40 }),
        (text, width) => {
          const shown = safeText(text);
          expect(textWidth(shortenMiddle(shown, width))).toBeLessThanOrEqual(width);
          expect(textWidth(shortenEnd(shown, width))).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it('aligns the columns of a table', () => {
    const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' as const }, { title: 'X' }];
    expect(
      tableLines(columns, [
        ['日本', '5', 'a'],
        ['b', '1,000', ''],
      ]),
    ).toEqual(['NAME   SIZE  X', '日本      5  a', 'b     1,000']);
  });
});

describe('amounts', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1234, '1.2 kB'],
    [999_500, '1.0 MB'],
    [34_000_000, '34 MB'],
    [2_100_000_000, '2.1 GB'],
  ])('shows %d bytes', (bytes, expected) => {
    expect(showBytes(bytes)).toBe(expected);
  });

  it('shows changes with their sign, and counts with commas', () => {
    expect(showByteChange(212)).toBe('+212 B');
    expect(showByteChange(-2000)).toBe('-2.0 kB');
    expect(showCount(1_234_567)).toBe('1,234,567');
    expect(showLargeCount(12_400_000)).toBe('12.4 M');
    expect(plural(1, 'root')).toBe('1 root');
    expect(plural(3, 'child', 'children')).toBe('3 children');
  });

  it.each([
    [84, '84 ms'],
    [400, '0.4 s'],
    [12_000, '12 s'],
    [300_000, '5 min'],
    [11_100_000, '3 h 5 min'],
    [273_600_000, '3 d 4 h'],
  ])('shows a duration of %d ms', (ms, expected) => {
    expect(showDuration(ms)).toBe(expected);
  });
});

describe('did you mean', () => {
  it('finds the nearest name, and none where nothing is like it', () => {
    expect(nearest('statsu', ['status', 'sync', 'session'])).toBe('status');
    expect(nearest('ledger-writr', ['ledger-writer', 'state-writer'])).toBe('ledger-writer');
    expect(nearest('xyz', ['status', 'sync'])).toBeUndefined();
  });
});
