import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '#codi/protocol/codec.js';
import type { DecodeResult } from '#codi/protocol/codec.js';
import { decodeEntries } from '#codi/protocol/entry.js';
import { peekKind } from '#codi/protocol/peek.js';

interface Vector {
  name: string;
  compact: string;
  named: string;
  json: { payload: Record<string, unknown> };
}

const file = new URL('../../fixtures/wire/rust-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vector[];
const ports = {
  newId: (): string => {
    throw new Error('no id is missing');
  },
  now: () => ({ seconds: 0, nanos: 0 }),
};

describe('what a Rust peer writes', () => {
  it('covers all messages of the original protocol', () => {
    const kinds = new Set(vectors.flatMap((vector) => Object.keys(vector.json.payload)));
    expect(vectors).toHaveLength(15);
    expect([...kinds].sort()).toEqual([
      'Acknowledgment',
      'Error',
      'LogEntry',
      'LogResults',
      'QueryLogs',
      'SessionEnd',
      'SessionStart',
      'StartMonitoring',
      'Status',
      'StopMonitoring',
    ]);
  });

  for (const vector of vectors) {
    const compact = Buffer.from(vector.compact, 'hex');
    const named = Buffer.from(vector.named, 'hex');
    const json = Buffer.from(JSON.stringify(vector.json));

    it(`decodes ${vector.name} from arrays, maps and JSON to the same value`, () => {
      const value = decoded(decodeMessage(compact, 'msgpack'));
      expect(decoded(decodeMessage(named, 'msgpack'))).toStrictEqual(value);
      expect(decoded(decodeMessage(json, 'json'))).toStrictEqual(value);
      const [kind, body] = Object.entries(vector.json.payload)[0] ?? [];
      expect(value.payload).toEqual({ kind, body });
    });

    it(`writes ${vector.name} with the same bytes as rmp-serde and the same JSON value`, () => {
      const message = decoded(decodeMessage(compact, 'msgpack'));
      const frame = encodeMessage(message, 'msgpack');
      expect(frame.readUInt32LE(0)).toBe(named.length);
      expect(frame.subarray(4).toString('hex')).toBe(vector.named);
      const line = encodeMessage(message, 'json').toString('utf8');
      expect(line.endsWith('\n')).toBe(true);
      expect(JSON.parse(line)).toEqual(vector.json);
    });

    it(`tells the kind of ${vector.name} without decoding it`, () => {
      const kind = Object.keys(vector.json.payload)[0];
      expect(peekKind(compact, 'msgpack')).toEqual({ kind });
      expect(peekKind(named, 'msgpack')).toEqual({ kind });
      expect(peekKind(json, 'json')).toEqual({ kind });
    });

    if (vector.name.startsWith('log_entry')) {
      it(`gives the same record for ${vector.name} in every form`, () => {
        const result = decodeEntries(compact, 'msgpack', ports);
        expect(result).toMatchObject({ ok: true, entries: [{ nanos: expect.any(Number) }] });
        expect(decodeEntries(named, 'msgpack', ports)).toEqual(result);
        expect(decodeEntries(json, 'json', ports)).toEqual(result);
      });
    }
  }
});

function decoded(result: DecodeResult) {
  if (!result.ok) throw result.error;
  return result.message;
}
