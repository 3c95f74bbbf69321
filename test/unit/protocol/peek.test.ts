import { describe, expect, it } from 'vitest';
import { peekKind } from '#codi/protocol/peek.js';

const packed = (hex: string) => peekKind(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 'msgpack');
const json = (text: string) => peekKind(Buffer.from(text), 'json');

describe('the kind of a MessagePack message', () => {
  it('is found in both forms, wherever the payload stands', () => {
    expect(packed('93 c0 c0 81 a4 53796e63 80')).toEqual({ kind: 'Sync' });
    expect(packed('81 a7 7061796c6f6164 81 a4 53796e63 80')).toEqual({ kind: 'Sync' });
    expect(packed('82 a161 9101 a7 7061796c6f6164 81 a4 53796e63 80')).toEqual({ kind: 'Sync' });
  });

  it('is the payload itself where a variant carries nothing', () => {
    expect(packed('93 c0 c0 a6 4865616c7468')).toEqual({ kind: 'Health' });
  });

  it.each([
    '',
    '93',
    '93c0c0',
    '93c0c080a1',
    '93c0c08101c0c0',
    '92c0c081a453796e6380',
    '80a7c0c0c0',
    '8101a453796e63',
    'ddffffffffff',
    '90df939300',
    'df ffffffff a1 61',
    '93 c0 c0 81 ff 53796e63',
    `93 c0 c0 81 d9 41 ${'61'.repeat(65)} 80`,
  ])('is not told for %s', (hex) => {
    expect(packed(hex)).toEqual({ kind: undefined });
  });
});

describe('the kind of a JSON message', () => {
  it.each([
    ['{"id":"x","timestamp":"}","payload":{"LogEntry":{}}}', 'LogEntry'],
    [' { "id" : [1,{"a":"]}"}] , "payload" : { "Sync" : {} } } ', 'Sync'],
    ['{"payload":"Health"}', 'Health'],
    ['{"LogBatch":{"entries":[]}}', 'LogBatch'],
    ['{"id":"\\"","LogEntry":{}}', 'LogEntry'],
    ['{"payload":{"Nothing":1}}', 'Nothing'],
  ])('of %s is %s', (text, kind) => {
    expect(json(text)).toEqual({ kind });
  });

  it.each([
    '',
    '{',
    '{}',
    '[]',
    '{"a',
    '{"a"',
    '{"a":',
    '{"a":"',
    '{"a":1',
    '{"a":[',
    '{"payload":',
    '{"payload":1}',
    '{"a":1,}',
    '{"a":1}}',
    '{1:2}',
  ])('is not told for %s', (text) => {
    expect(json(text)).toEqual({ kind: undefined });
  });
});
