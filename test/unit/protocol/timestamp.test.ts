import { describe, expect, it } from 'vitest';
import { formatRfc3339, parseRfc3339, timestampFromMs } from '#codi/protocol/timestamp.js';

describe('RFC 3339 times', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0, 0],
    ['2025-09-28T00:00:00.123456789Z', 1_759_017_600, 123_456_789],
    ['2025-09-28T02:00:00.5+02:00', 1_759_017_600, 500_000_000],
    ['2025-09-27t19:30:00-04:30', 1_759_017_600, 0],
    ['2025-09-28 00:00:00z', 1_759_017_600, 0],
    ['1969-12-31T23:59:59.25Z', -1, 250_000_000],
    ['2000-02-29T12:00:00Z', 951_825_600, 0],
    ['0000-01-01T00:00:00Z', -62_167_219_200, 0],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799, 999_999_999],
    ['2016-12-31T23:59:60Z', 1_483_228_800, 0],
    ['2025-09-28T00:00:00.1234567891234Z', 1_759_017_600, 123_456_789],
  ])('reads %s', (text, seconds, nanos) => {
    expect(parseRfc3339(text)).toEqual({ seconds, nanos });
  });

  it.each([
    '',
    'yesterday',
    '2025-09-28',
    '2025-09-28T00:00:00',
    '2025-09-28T00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2025-09-28T24:00:00Z',
    '2025-09-28T00:60:00Z',
    '2025-09-28T00:00:61Z',
    '2025-09-28T00:00:00.Z',
    '2025-09-28T00:00:00+0200',
    '2025-09-28T00:00:00+24:00',
    '2025-09-28T00:00:00+02:60',
    '2025-09-28T00:00:00Z ',
    '+025-09-28T00:00:00Z',
    '0000-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '2025-09-28T00:00:0\u0130Z',
  ])('does not take %j', (text) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });

  it.each([
    [0, 0, '1970-01-01T00:00:00Z'],
    [1_759_017_600, 120_000_000, '2025-09-28T00:00:00.120Z'],
    [1_759_017_600, 1_000, '2025-09-28T00:00:00.000001Z'],
    [1_759_017_600, 1, '2025-09-28T00:00:00.000000001Z'],
    [-1, 0, '1969-12-31T23:59:59Z'],
    [-62_167_219_200, 0, '0000-01-01T00:00:00Z'],
    [253_402_300_799, 0, '9999-12-31T23:59:59Z'],
  ])('writes second %d and nanosecond %d as %s', (seconds, nanos, text) => {
    expect(formatRfc3339({ seconds, nanos })).toBe(text);
  });

  it('has no text for years that RFC 3339 cannot write', () => {
    expect(() => formatRfc3339({ seconds: 253_402_300_800, nanos: 0 })).toThrow(RangeError);
    expect(() => formatRfc3339({ seconds: Number.NaN, nanos: 0 })).toThrow(RangeError);
  });

  it('takes Unix milliseconds, with a fraction and before 1970', () => {
    expect(timestampFromMs(1500)).toEqual({ seconds: 1, nanos: 500_000_000 });
    expect(timestampFromMs(-1)).toEqual({ seconds: -1, nanos: 999_000_000 });
    expect(timestampFromMs(999.9999999)).toEqual({ seconds: 1, nanos: 0 });
  });
});
