import { describe, expect, it } from 'vitest';
import { decodeEntries } from '#codi/protocol/entry.js';
import type { EntriesResult } from '#codi/protocol/entry.js';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';
import { MessagePackWriter } from '#codi/protocol/msgpack-encode.js';
import { uuidToBytes } from '#codi/protocol/uuid.js';

const ID = '018f4c1e-7b2a-7c3d-9e4f-0123456789ab';
const TIME = '2025-09-28T00:00:00.5Z';
const ports = { newId: () => ID, now: () => ({ seconds: 7, nanos: 8 }) };
const ENTRY = { level: 'Warn', component: 'api', message: 'slow' };

function packed(payload: PackedValue): EntriesResult {
  const writer = new MessagePackWriter();
  writer.value({ id: uuidToBytes(ID), timestamp: TIME, payload });
  return decodeEntries(writer.take(), 'msgpack', ports);
}

function json(text: string): EntriesResult {
  return decodeEntries(Buffer.from(text), 'json', ports);
}

function taken(result: EntriesResult) {
  if (!result.ok) throw result.error;
  return result;
}

/** The JSON text that a metadata value, given as MessagePack bytes, is stored as. */
function metadataText(hex: string): string | null | undefined {
  const head = Buffer.from(`93c410${ID.replaceAll('-', '')}b6`, 'hex');
  const entry = Buffer.from('81a84c6f67456e74727994a4496e666fa0a0', 'hex');
  const body = Buffer.concat([head, Buffer.from(TIME), entry, Buffer.from(hex, 'hex')]);
  return taken(decodeEntries(body, 'msgpack', ports)).entries[0]?.metadata;
}

describe('one log entry', () => {
  it('becomes a record with the time of its message', () => {
    const result = taken(packed({ LogEntry: { ...ENTRY, session_id: 'S-1', sequence: 9 } }));
    expect(result.entries).toEqual([
      {
        seconds: 1_759_017_600,
        nanos: 500_000_000,
        level: 3,
        component: 'api',
        message: 'slow',
        metadata: null,
        sessionId: 'S-1',
        sequence: 9,
      },
    ]);
    expect(result).toMatchObject({ id: ID, sequence: 9, rejected: [], count: 1 });
  });

  it('may come in the short form of JSON, with id and time from the ports', () => {
    const result = taken(json('{"LogEntry":{"level":"Info","component":"c","message":"m"}}'));
    expect(result.id).toBe(ID);
    expect(result.entries[0]).toMatchObject({ seconds: 7, nanos: 8, level: 2 });
  });

  it('may lie in the middle of a larger buffer', () => {
    const line = '{"LogEntry":{"level":"Info","component":"c","message":"m"}}';
    const view = new Uint8Array(Buffer.from(`xx${line}yy`)).subarray(2, -2);
    expect(decodeEntries(view, 'json', ports).ok).toBe(true);
  });

  it.each<[string, PackedValue]>([
    ['another level', { ...ENTRY, level: 'warn' }],
    ['no level', { component: '', message: '' }],
    ['no component', { level: 'Info', message: '' }],
    ['a component of 257 bytes', { ...ENTRY, component: `${'ü'.repeat(128)}x` }],
    ['no message', { level: 'Info', component: '' }],
    ['a message that is too long', { ...ENTRY, message: 'x'.repeat(262_145) }],
    ['metadata that is too long', { ...ENTRY, metadata: ['x'.repeat(262_144)] }],
    ['a session that is a number', { ...ENTRY, session_id: 5 }],
    ['a session that is too long', { ...ENTRY, session_id: 'x'.repeat(257) }],
    ['a negative sequence', { ...ENTRY, sequence: -1 }],
    ['a sequence that is text', { ...ENTRY, sequence: '1' }],
    ['a sequence beyond 2^53', { ...ENTRY, sequence: 2n ** 53n }],
    ['a number as entry', 5],
    ['an array that is too short', ['Info', '']],
  ])('is refused with %s, alike on both formats', (_, entry) => {
    const refused = packed({ LogEntry: entry });
    expect(refused).toMatchObject({ ok: false, id: ID, error: { code: 'CODI_ENTRY_INVALID' } });
    const text = JSON.stringify({ LogEntry: entry }, (_key, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    const onJson = json(text);
    expect(onJson.ok || onJson.error.details).toEqual(refused.ok || refused.error.details);
  });

  it.each<[string, PackedValue]>([
    ['another kind', { Health: {} }],
    ['the name alone', 'LogEntry'],
    ['two kinds', { LogEntry: ENTRY, LogBatch: [] }],
  ])('is not found in a message of %s', (_, payload) => {
    expect(packed(payload)).toMatchObject({ ok: false, id: ID });
  });

  it('is not read out of bytes that are no message', () => {
    expect(decodeEntries(Buffer.from([0xc1]), 'msgpack', ports)).toMatchObject({
      ok: false,
      error: { code: 'CODI_FRAME_INVALID' },
    });
    expect(json('{"LogEntry":')).toMatchObject({ error: { code: 'CODI_FRAME_INVALID' } });
    expect(json('5')).toMatchObject({ error: { code: 'CODI_MESSAGE_INVALID' } });
    expect(decodeEntries(Buffer.from([5]), 'msgpack', ports)).not.toHaveProperty('id');
    expect(decodeEntries(Buffer.from([0x93, 1, 2, 3]), 'msgpack', ports).ok).toBe(false);
    expect(decodeEntries(Buffer.from([0x90]), 'msgpack', ports).ok).toBe(false);
  });
});

describe('metadata', () => {
  it.each([
    ['c0', null],
    ['80', '{}'],
    [
      '82a161cf001fffffffffffffa162cfffffffffffffffff',
      '{"a":9007199254740991,"b":18446744073709551615}',
    ],
    ['91d38000000000000000', '[-9223372036854775808]'],
    ['93cb7ff8000000000000cb7ff0000000000000cb8000000000000000', '[null,null,0]'],
    ['93c2c3c0', '[false,true,null]'],
    ['a6090a225c1f7f', '"\\t\\n\\"\\\\\\u001f\u007f"'],
    ['91c403010203', '["AQID"]'],
    ['91a2c328', '["\ufffd("]'],
    ['81a95f5f70726f746f5f5f01', '{"__proto__":1}'],
    ['83a16101a16202a16103', '{"a":3,"b":2}'],
    ['a4f09f9880', '"😀"'],
  ])('of bytes %s is stored as %s', (hex, text) => {
    expect(metadataText(hex)).toBe(text);
  });

  it('takes the last of equal keys in a large map too', () => {
    const keys = Array.from(
      { length: 12 },
      (_, key) => `a2${Buffer.from(`k${key % 10}`).toString('hex')}`,
    );
    const hex = `8c${keys.map((key, value) => `${key}${value.toString(16).padStart(2, '0')}`).join('')}`;
    expect(JSON.parse(metadataText(hex) ?? '')).toMatchObject({ k0: 10, k1: 11, k9: 9 });
  });

  it('keeps long integers of JSON text digit by digit', () => {
    const entry =
      '{"level":"Info","component":"c","message":"\\ud800","metadata":{"n":9007199254740993}}';
    const [record] = taken(json(`{"LogEntry":${entry}}`)).entries;
    expect(record).toMatchObject({ metadata: '{"n":9007199254740993}', message: '\ufffd' });
  });
});

describe('a batch of log entries', () => {
  const entries = [
    { ...ENTRY, timestamp: '2025-09-28T00:00:01Z' },
    { ...ENTRY, level: 'none' },
    ['Info', 'c', 'm', null, 'S-2'],
    7,
    { ...ENTRY, timestamp: 'later' },
    { ...ENTRY, message: 'last' },
  ];

  it.each([
    ['MessagePack maps', () => packed({ LogBatch: { entries, first_sequence: 10 } })],
    ['MessagePack maps, other order', () => packed({ LogBatch: { first_sequence: 10, entries } })],
    ['MessagePack arrays', () => packed({ LogBatch: [entries, 10, 'newer'] })],
    [
      'JSON',
      () =>
        json(
          JSON.stringify({ id: ID, timestamp: TIME, LogBatch: { entries, first_sequence: 10 } }),
        ),
    ],
  ])('keeps what is valid and reports the rest one by one: %s', (_, decode) => {
    const result = taken(decode());
    expect(result.count).toBe(6);
    expect(result.sequence).toBe(10);
    expect(result.entries).toMatchObject([
      { seconds: 1_759_017_601, nanos: 0, sequence: 10 },
      { seconds: 1_759_017_600, component: 'c', sessionId: 'S-2', sequence: 12 },
      { message: 'last', sequence: 15 },
    ]);
    expect(result.rejected).toEqual([
      { index: 1, code: 'CODI_ENTRY_INVALID', reason: expect.stringContaining('level') },
      { index: 3, code: 'CODI_ENTRY_INVALID', reason: expect.stringContaining('map') },
      { index: 4, code: 'CODI_ENTRY_INVALID', reason: expect.stringContaining('timestamp') },
    ]);
  });

  it('may be empty and have no sequence', () => {
    expect(taken(packed({ LogBatch: { entries: [] } }))).toMatchObject({
      entries: [],
      rejected: [],
      sequence: null,
    });
  });

  it('may hold more values than a single message', () => {
    const many = Array.from({ length: 3_000 }, () => ENTRY);
    expect(taken(packed({ LogBatch: { entries: many } })).entries).toHaveLength(3_000);
  });

  it.each<PackedValue>([
    {},
    { entries: 5 },
    { entries: [], first_sequence: 'x' },
    { first_sequence: 1.5, entries: [] },
    { entries: [ENTRY, ENTRY], first_sequence: Number.MAX_SAFE_INTEGER },
    5,
  ])('is refused as a whole when it is %o', (batch) => {
    const expected = { ok: false, id: ID, error: { code: 'CODI_MESSAGE_INVALID' } };
    expect(packed({ LogBatch: batch })).toMatchObject(expected);
    expect(json(JSON.stringify({ LogBatch: batch }))).toMatchObject(expected);
  });
});
