import { describe, expect, it } from 'vitest';
import { isRecord, kindOf } from '#codi/cli/import/classify.js';
import { DuplicateWindow } from '#codi/cli/import/duplicate-window.js';
import { importIdOf, producerIdOf } from '#codi/cli/import/import-identity.js';
import { tallyLines } from '#codi/cli/import/import-lines.js';
import { emptyTally } from '#codi/cli/import/import-tally.js';
import { ledgerRecordOf, tooLarge } from '#codi/cli/import/ledger-record.js';
import { LogReader } from '#codi/cli/import/log-reader.js';
import type { JsonObject } from '#codi/cli/import/read-event.js';
import { readLevel } from '#codi/cli/import/record-level.js';
import { readTime } from '#codi/cli/import/record-time.js';

describe('times of old logs', () => {
  it.each([
    ['2025-06-15T14:00:00Z', '2025-06-15T14:00:00Z'],
    ['2025-06-15T14:00:00.123456789+02:00', '2025-06-15T12:00:00.123456789Z'],
    ['2025-06-15T14:00:00+0200', '2025-06-15T12:00:00Z'],
    ['2025-06-15 14:00:00,25', '2025-06-15T14:00:00.250Z'],
    ['2025-06-15T14:00:00', '2025-06-15T14:00:00Z'],
    [1_750_000_000, '2025-06-15T15:06:40Z'],
    [1_750_000_000.5, '2025-06-15T15:06:40.500Z'],
    [1_750_000_000_123, '2025-06-15T15:06:40.123Z'],
    [1_750_000_000_123_456, '2025-06-15T15:06:40.123456Z'],
    [1_750_000_000_123_456_789n, '2025-06-15T15:06:40.123456789Z'],
    ['1750000000', '2025-06-15T15:06:40Z'],
    [-1.5, '1969-12-31T23:59:58.500Z'],
    [0, '1970-01-01T00:00:00Z'],
    ['yesterday', undefined],
    ['2025-02-30T00:00:00Z', undefined],
    [true, undefined],
    [1e300, undefined],
  ])('reads %s as %s', (value, time) => {
    expect(readTime(value)).toBe(time);
  });
});

describe('levels of old logs', () => {
  it.each([
    ['INFO', 'Info', true],
    ['warning', 'Warn', false],
    ['FATAL', 'Error', false],
    [20, 'Debug', true],
    [60, 'Error', false],
  ])('reads %s as %s', (value, level, isExact) => {
    expect(readLevel(value)).toEqual({ level, isExact });
  });

  it('knows what is none', () => {
    for (const value of ['loud', 35, null, {}, 'constructor'])
      expect(readLevel(value)).toBeUndefined();
  });
});

describe('kinds of old records', () => {
  const time = { timestamp: '2025-06-15T14:00:00Z' };
  it.each<[string, JsonObject]>([
    ['log', { level: 'info', message: 'x' }],
    ['log', { level: 'info', message: 'moved', from: 'a', to: 'b' }],
    ['log', { level: 'info', message: 'set', key: 'a', value: 1 }],
    ['log', { type: 'log', detail: 1 }],
    ['message', { from: 'a', to: 'b', body: 'x' }],
    ['message', { type: 'agent_message', sender: 'a', content: 'x' }],
    ['state', { key: 'a', value: null }],
    ['state', { type: 'state_change', key: 'a' }],
    ['file_event', { event_type: 'Create', path: '/a' }],
    ['file_event', { event_type: { Move: { from: '/a', to: '/b' } } }],
    ['other', { a: 1 }],
  ])('%s', (kind, object) => {
    expect(kindOf({ ...time, ...object })).toBe(kind);
    expect(isRecord({ ...time, ...object })).toBe(kind !== 'other');
    expect(isRecord(object)).toBe(false);
  });
});

describe('the entry of a record', () => {
  it('keeps each field that has no place, and both of two with one name', () => {
    const entry = ledgerRecordOf({
      level: 'fatal',
      msg: 'x',
      a: 1,
      session_id: 7,
      user: 'u',
      meta: { a: 2, b: 3 },
      data: { c: 4 },
    });
    expect(entry).toMatchObject({
      level: 'Error',
      message: 'x',
      component: 'import',
      sessionId: undefined,
    });
    expect(entry.metadata).toEqual({
      a: 2,
      b: 3,
      'import.a': 1,
      level: 'fatal',
      session_id: 7,
      user: 'u',
      data: { c: 4 },
    });
  });

  it('has a key named __proto__ like any other', () => {
    const entry = ledgerRecordOf(
      JSON.parse('{"msg":"x","__proto__":{"a":1},"meta":{"b":1}}') as JsonObject,
    );
    expect(JSON.stringify(entry.metadata)).toBe('{"b":1,"__proto__":{"a":1}}');
  });

  it('says what no entry can hold', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as JsonObject;
    expect(tooLarge(ledgerRecordOf({ msg: 'x', deep }))).toMatch(/nested/);
    expect(tooLarge(ledgerRecordOf({ msg: 'x', text: 'y'.repeat(300_000) }))).toMatch(/KiB/);
    expect(tooLarge(ledgerRecordOf({ msg: 'x'.repeat(300_000) }))).toMatch(/KiB/);
    expect(
      tooLarge(ledgerRecordOf({ msg: 'x', list: Array.from({ length: 10_000 }, () => 1) })),
    ).toMatch(/values/);
    expect(tooLarge(ledgerRecordOf({ msg: 'x'.repeat(200_000) }))).toBeUndefined();
  });
});

describe('what makes an import the same one', () => {
  it('is the first record and the name; producers differ by tenant and user', () => {
    const id = importIdOf(Buffer.from('{"a":1}'), '');
    // A version that gave other ids would import every log again.
    expect(id).toBe('c5bb0421-cf4c-88c0-b2b9-6421619efb2b');
    expect(importIdOf(Buffer.from('{"a":1}'), 'other')).not.toBe(id);
    const owners = [undefined, '', 'T'].flatMap((tenantId) =>
      [undefined, '', 'U'].map((userId) => ({ tenantId, userId })),
    );
    expect(new Set(owners.map((owner) => producerIdOf(id, owner))).size).toBe(owners.length);
    expect(producerIdOf(id, { tenantId: 'T', userId: undefined })).toBe(
      'e77fa5ea-d593-837d-a294-b0dd442dfe3b',
    );
  });

  it('is the order of records, which must not change while READER_VERSION stays', () => {
    const reader = new LogReader(isRecord);
    const t = '"timestamp":"2025-06-15T14:00:00Z","level":"info"';
    const source = [
      `\uFEFF{${t},"message":"first"}\r`,
      `{${t},"message":"two"}{${t},"message":"three"}`,
      `{${t},"mess{${t},"message":"inner"}`,
      `age":"outer"}`,
      '[1,2]',
      `{"no":"fields"}`,
      `{${t},"message":"a{${t},"message":"b{${t},"message":"c"}`,
      `"}`,
      `"}`,
      `{${t},"message":"last"}`,
    ].join('\n');
    const events = [...reader.push(Buffer.from(source)), ...reader.end()];
    const read = events.map((event) =>
      event.kind === 'record'
        ? (event.value['message'] ?? 'other')
        : `${event.reason} ${event.line}-${event.lastLine}`,
    );
    expect(read).toEqual([
      'first',
      'two',
      'three',
      'inner',
      'outer',
      'not-json 5-5',
      'other',
      'c',
      'ambiguous 7-7',
      'ambiguous 7-7',
      'ambiguous 8-8',
      'not-json 9-9',
      'last',
    ]);
  });

  it('counts duplicates in good English', () => {
    const said = (duplicates: number) =>
      tallyLines({ ...emptyTally('a.log'), duplicates }, { isDryRun: false })[1];
    expect(said(0)).toBe('  0 imported');
    expect(said(1)).toBe('  0 imported, 1 duplicate left out');
    expect(said(20)).toBe('  0 imported, 20 duplicates left out');
  });

  it('recognises duplicates within a window', () => {
    const window = new DuplicateWindow(3);
    const see = (text: string) =>
      [...text].map((letter) => window.isDuplicate(Buffer.from(letter)));
    expect(see('abab')).toEqual([false, false, true, true]);
    expect(see('cdefa')).toEqual([false, false, false, false, true]);
    expect(see('ga')).toEqual([false, false]);
  });
});
