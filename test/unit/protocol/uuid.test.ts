import { expect, it } from 'vitest';
import { isUuid, uuidFromBytes, uuidToBytes } from '#codi/protocol/uuid.js';

const TEXT = '018f4c1e-7b2a-7c3d-9e4f-0123456789ab';

it('turns UUIDs from bytes to text and back', () => {
  expect(uuidFromBytes(uuidToBytes(TEXT))).toBe(TEXT);
  expect(uuidFromBytes(Buffer.concat([Buffer.alloc(3), uuidToBytes(TEXT)]), 3)).toBe(TEXT);
});

it('reads either case, and text without hyphens', () => {
  const bytes = Buffer.from(TEXT.replaceAll('-', ''), 'hex');
  expect(uuidToBytes(TEXT.toUpperCase())).toEqual(bytes);
  expect(uuidToBytes(TEXT.replaceAll('-', ''))).toEqual(bytes);
  for (let byte = 0; byte < 256; byte++) {
    const all = Buffer.alloc(16, byte);
    expect(uuidFromBytes(all).replaceAll('-', '')).toBe(all.toString('hex'));
    expect(uuidToBytes(uuidFromBytes(all))).toEqual(all);
  }
});

it('knows a UUID in either case, and nothing else', () => {
  expect(isUuid(TEXT)).toBe(true);
  expect(isUuid(TEXT.toUpperCase())).toBe(true);
  expect(isUuid(TEXT.replaceAll('-', ''))).toBe(false);
  expect(isUuid(TEXT.replace('a', 'g'))).toBe(false);
  expect(isUuid(`${TEXT}\n`)).toBe(false);
});

it('throws when asked for the bytes of what is no UUID', () => {
  const wrong = ['nothing', TEXT.replace('a', 'g'), TEXT.replace('a', 'é'), TEXT.slice(1)];
  for (const text of wrong) expect(() => uuidToBytes(text)).toThrow(TypeError);
});
