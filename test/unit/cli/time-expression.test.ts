import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, parseSize, parseTime } from '#codi/cli/time-expression.js';

const NOW_MS = new Date(2026, 2, 10, 15, 30, 0).getTime();
const local = (...parts: [number, number, number, number?, number?, number?]) =>
  new Date(...parts).toISOString();

describe('times', () => {
  it.each([
    ['5m', new Date(NOW_MS - 300_000).toISOString()],
    ['2h ago', new Date(NOW_MS - 7_200_000).toISOString()],
    ['1h30m', new Date(NOW_MS - 5_400_000).toISOString()],
    ['2 days ago', new Date(NOW_MS - 172_800_000).toISOString()],
    ['now', new Date(NOW_MS).toISOString()],
    ['today', local(2026, 2, 10)],
    ['yesterday', local(2026, 2, 9)],
    ['yesterday 14:00', local(2026, 2, 9, 14)],
    ['Yesterday 14:00', local(2026, 2, 9, 14)],
    ['14:05:06', local(2026, 2, 10, 14, 5, 6)],
    ['2026-03-01', local(2026, 2, 1)],
    ['2026-03-01 14:00', local(2026, 2, 1, 14)],
    ['2026-03-01T14:00', local(2026, 2, 1, 14)],
    ['2026-03-01T14:00:00Z', '2026-03-01T14:00:00Z'],
    ['2026-03-01T14:00:00.123456789+02:00', '2026-03-01T12:00:00.123456789Z'],
  ])('reads %s', (text, expected) => {
    expect(parseTime(text, NOW_MS)).toEqual({ ok: true, value: expected });
  });

  it.each(['', 'soon', '25:00', '2026-02-30', '5 parsecs', '2026-03-01T14:00:61Z', '5m later'])(
    'refuses %j and says what would be right',
    (text) => {
      const parsed = parseTime(text, NOW_MS);
      expect(parsed).toMatchObject({ ok: false, reason: expect.stringContaining('examples') });
    },
  );

  it('never throws, whatever is typed', () => {
    fc.assert(fc.property(fc.string(), (text) => parseTime(text, NOW_MS).ok !== undefined));
  });
});

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['1h 30m', 5_400_000],
    ['3 weeks', 1_814_400_000],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: expected });
  });

  it.each(['10', 's', '10x', '-5s', '1h,30m', 'constructor'])('refuses %j', (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });
});

describe('sizes', () => {
  it.each([
    ['4096', 4096],
    ['64KiB', 65_536],
    ['10MB', 10_000_000],
    ['1.5 GB', 1_500_000_000],
  ])('reads %s', (text, expected) => {
    expect(parseSize(text)).toEqual({ ok: true, value: expected });
  });

  it.each(['', '10 apples', '-1', '1KiBs'])('refuses %j', (text) => {
    expect(parseSize(text).ok).toBe(false);
  });
});
