import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, JSON_ANSWER_LIMIT_BYTES } from '#codi/protocol/codec.js';
import type { DecodeResult } from '#codi/protocol/codec.js';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';
import { MessagePackWriter } from '#codi/protocol/msgpack-encode.js';
import { uuidToBytes } from '#codi/protocol/uuid.js';

const ID = '018f4c1e-7b2a-7c3d-9e4f-0123456789ab';
const TIME = { seconds: 1_759_017_600, nanos: 0 };
const TIME_TEXT = '2025-09-28T00:00:00Z';
const ports = { newId: () => ID, now: () => TIME };

function packed(payload: PackedValue, id: PackedValue = uuidToBytes(ID)): DecodeResult {
  const writer = new MessagePackWriter();
  writer.value({ id, timestamp: TIME_TEXT, payload });
  return decodeMessage(writer.take(), 'msgpack');
}

function json(value: unknown, from?: typeof ports): DecodeResult {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return decodeMessage(Buffer.from(text), 'json', from);
}

function bodyOf(result: DecodeResult): unknown {
  if (!result.ok) throw result.error;
  return result.message.payload.body;
}

function codeOf(result: DecodeResult): string | undefined {
  return result.ok ? undefined : result.error.code;
}

describe('decoding a message', () => {
  it('takes a UUID as text on MessagePack too, in either case', () => {
    const result = packed({ Health: {} }, ID.toUpperCase());
    expect(result).toMatchObject({ ok: true, message: { id: ID } });
  });

  it('ignores fields it does not know, in maps and behind the end of arrays', () => {
    expect(bodyOf(packed({ StopMonitoring: { path: '/a', newer: [1] } }))).toEqual({ path: '/a' });
    expect(bodyOf(packed({ StopMonitoring: ['/a', 1, 2] }))).toEqual({ path: '/a' });
  });

  it('takes arrays that leave optional fields out at the end', () => {
    expect(bodyOf(packed({ SessionStart: ['S-1', 'ana'] }))).toEqual({
      session_id: 'S-1',
      identity: 'ana',
    });
    expect(bodyOf(packed({ QueryLogs: [['Warn'], 5] }))).toEqual({
      filter: { level: 'Warn' },
      limit: 5,
    });
  });

  it('takes a variant that carries nothing as its name alone', () => {
    expect(packed('Health')).toMatchObject({ ok: true, message: { payload: { kind: 'Health' } } });
    expect(codeOf(packed('LogEntry'))).toBe('CODI_MESSAGE_INVALID');
  });

  it('fills id and time of the short JSON form from the ports', () => {
    const expected = { id: ID, timestamp: TIME, payload: { kind: 'Health', body: {} } };
    expect(json({ Health: {} }, ports)).toEqual({ ok: true, message: expected });
    expect(json({ payload: { Health: {} } }, ports)).toEqual({ ok: true, message: expected });
    const timed = json({ id: ID, timestamp: '2025-09-28T02:00:00+02:00', Health: {} }, ports);
    expect(timed).toEqual({ ok: true, message: expected });
    expect(codeOf(json({ Health: {} }))).toBe('CODI_MESSAGE_INVALID');
  });

  it('does not guess between a payload and a kind beside it', () => {
    const both = { Health: {}, payload: { ListWatches: {} } };
    expect(codeOf(json(both, ports))).toBe('CODI_MESSAGE_INVALID');
  });

  it('names the kind that does not exist, shortened', () => {
    const result = packed({ ['Nothing'.repeat(20)]: {} });
    expect(result).toMatchObject({ ok: false, id: ID, error: { code: 'CODI_MESSAGE_UNKNOWN' } });
    expect(!result.ok && String(result.error.details['kind'])).toHaveLength(65);
    expect(codeOf(json({ __proto__x: {} }, ports))).toBe('CODI_MESSAGE_UNKNOWN');
    expect(codeOf(packed({ constructor: {} }))).toBe('CODI_MESSAGE_UNKNOWN');
  });

  it('says which field is wrong and gives the id for the answer', () => {
    const result = packed({ QueryLogs: { filter: { level: 'Loud' }, limit: 5 } });
    expect(result).toMatchObject({ ok: false, id: ID });
    expect(!result.ok && result.error.message).toContain('QueryLogs: filter.level:');
  });

  it.each([
    ['a page of 0 rows', { QueryLogs: { filter: {}, limit: 0 } }],
    ['a page of 10,001 rows', { QueryLogs: { filter: {}, limit: 10_001 } }],
    ['a limit with a fraction', { QueryLogs: { filter: {}, limit: 1.5 } }],
    ['a time that is none', { QueryLogs: { filter: { since: 'today' }, limit: 1 } }],
    ['a session without a name', { SessionStart: { session_id: '', identity: 'ana' } }],
    ['a path that is too long', { StopMonitoring: { path: 'x'.repeat(4097) } }],
    ['a component that is too long', { LogEntry: ['Info', 'ü'.repeat(129), ''] }],
    ['metadata that is too long', { LogEntry: ['Info', '', '', 'x'.repeat(262_143)] }],
    ['a missing field', { LogEntry: { level: 'Info', component: '' } }],
    ['binary where text belongs', { StopMonitoring: { path: Buffer.from('/a') } }],
    ['NaN where a count belongs', { LogEntry: ['Info', '', '', null, null, Number.NaN] }],
    ['a sequence beyond 2^53', { LogEntry: ['Info', '', '', null, null, 2n ** 60n] }],
    ['two kinds', { Health: {}, ListWatches: {} }],
    ['no kind', {}],
    ['a list as payload', []],
    ['nil as payload', null],
    ['a list of streams that is empty', { Follow: { streams: [] } }],
    ['a metadata filter that is a list', { QueryLogs: { filter: { metadata: [] }, limit: 1 } }],
  ] as [string, PackedValue][])('refuses %s', (_, payload) => {
    expect(packed(payload)).toMatchObject({ ok: false, id: ID });
    expect(codeOf(packed(payload))).toBe('CODI_MESSAGE_INVALID');
  });

  it('refuses ids and times that are none', () => {
    expect(packed({ Health: {} }, Buffer.alloc(15))).not.toHaveProperty('id');
    expect(codeOf(packed({ Health: {} }, 'x'))).toBe('CODI_MESSAGE_INVALID');
    expect(codeOf(json({ id: ID, timestamp: 5, payload: { Health: {} } }))).toBe(
      'CODI_MESSAGE_INVALID',
    );
    expect(codeOf(json([ID, TIME_TEXT, { Health: {} }]))).toBe('CODI_MESSAGE_INVALID');
  });

  it('tells bytes that are no message at all apart from wrong messages', () => {
    expect(codeOf(decodeMessage(Buffer.from([0xc1]), 'msgpack'))).toBe('CODI_FRAME_INVALID');
    expect(codeOf(json('{"a":'))).toBe('CODI_FRAME_INVALID');
    expect(codeOf(json('['.repeat(1_000_000)))).toBe('CODI_TOO_DEEP');
    expect(codeOf(packed(5))).toBe('CODI_MESSAGE_INVALID');
  });

  it('keeps metadata exactly, on both formats', () => {
    const text = `{"LogEntry":{"level":"Info","component":"","message":"","metadata":{"big":18446744073709551615,"__proto__":1}}}`;
    const body = bodyOf(json(text, ports)) as { metadata: Record<string, unknown> };
    expect(body.metadata['big']).toBe(18_446_744_073_709_551_615n);
    const message = { id: ID, timestamp: TIME, payload: { kind: 'LogEntry', body } } as never;
    expect(encodeMessage(message, 'json').toString()).toContain(
      '"metadata":{"big":18446744073709551615,"__proto__":1}',
    );
    const frame = encodeMessage(message, 'msgpack').subarray(4);
    expect(bodyOf(decodeMessage(frame, 'msgpack'))).toEqual(body);
  });

  it('reads binary in metadata as base64 text and a float that is no number as null', () => {
    const metadata = { bytes: Buffer.from([1, 2, 3]), ratio: Number.NaN, list: [-Infinity] };
    expect(bodyOf(packed({ LogEntry: ['Info', '', '', metadata] }))).toMatchObject({
      metadata: { bytes: 'AQID', ratio: null, list: [null] },
    });
  });

  it('reads answers with many rows, but no request with as many values', () => {
    const row = { id: 1, timestamp: TIME_TEXT, level: 'Info', component: '', message: '' };
    const entries = Array.from({ length: 2_000 }, () => row);
    expect(packed({ LogResults: { entries, total_count: 2_000 } }).ok).toBe(true);
    expect(codeOf(packed({ Sync: { paths: entries as never } }))).toBe('CODI_TOO_MANY_VALUES');
  });
});

describe('encoding a message', () => {
  const error = (message: string) => ({
    id: ID,
    timestamp: TIME,
    payload: { kind: 'Error' as const, body: { code: 'x', message } },
  });

  it('writes known fields in the order of the table, and leaves undefined ones out', () => {
    const body = { hint: undefined, message: 'm', other: 1, code: 'c', details: null };
    const message = { id: ID, timestamp: TIME, payload: { kind: 'Error' as const, body } };
    expect(encodeMessage(message, 'json').toString()).toBe(
      `{"id":"${ID}","timestamp":"${TIME_TEXT}","payload":{"Error":{"code":"c","message":"m","details":null}}}\n`,
    );
    const frame = encodeMessage(message, 'msgpack').subarray(4);
    expect(bodyOf(decodeMessage(frame, 'msgpack'))).toEqual({
      code: 'c',
      message: 'm',
      details: null,
    });
  });

  it('throws when no peer would take the frame', () => {
    expect(() => encodeMessage(error('x'.repeat(1024 * 1024)), 'msgpack')).toThrow(
      /over the limit/,
    );
    expect(encodeMessage(error('x'.repeat(1024 * 1024)), 'json').length).toBeGreaterThan(1e6);
    expect(() => encodeMessage(error('x'.repeat(JSON_ANSWER_LIMIT_BYTES)), 'json')).toThrow(
      /over the limit/,
    );
    expect(encodeMessage(error('small'), 'msgpack').length).toBeLessThan(150);
  });
});
