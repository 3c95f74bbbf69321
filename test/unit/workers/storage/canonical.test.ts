import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { leafOf } from '#codi/workers/storage/block.js';
import {
  appendAct,
  appendCoordination,
  appendFileEvent,
  appendLog,
  appendRoot,
  CanonicalBuffer,
  type FileEventRow,
} from '#codi/workers/storage/canonical.js';

const LOG = {
  id: 1,
  seconds: 1_700_000_000,
  nanos: 123_000_000,
  level: 2,
  component: 'api',
  session_id: null,
  message: 'häi',
  metadata: '{"user":42}',
  tenant_id: null,
  user_id: 'ana',
  created_ms: 1_700_000_000_456,
};
const EVENT: FileEventRow = {
  seq: 7,
  root_id: 1,
  seconds: -1,
  nanos: 5,
  event: 3,
  kind: 0,
  path: 'b',
  from_path: Buffer.from([0xff]),
  size: 3,
  old_size: null,
  seen: 2,
  dev: -1n,
  ino: 2n ** 60n,
  stat_size: 3,
  mtime_seconds: -2,
  mtime_nanos: 999_999_999,
  ctime_seconds: 1,
  ctime_nanos: 0,
  mode: 0o100644,
  nlink: 1,
  checksum: Uint8Array.of(1, 2),
  session_id: 's',
  tenant_id: null,
  user_id: null,
};

function bytesOf(append: (out: CanonicalBuffer) => void): string {
  const out = new CanonicalBuffer(4);
  append(out);
  return out.view().toString('hex');
}

describe('canonical bytes', () => {
  it('of a log entry are those of the worked example in docs/ledger-format.md', () => {
    const hex = bytesOf((out) => appendLog(out, LOG));
    const leaf = leafOf([Buffer.from(hex, 'hex')]).toString('hex');
    const doc = readFileSync(new URL('../../../../docs/ledger-format.md', import.meta.url), 'utf8');
    const plain = doc.replaceAll(/\s/g, '');
    expect(plain).toContain(hex);
    expect(plain).toContain(leaf);
  });

  it('of a log entry say each field once, in order, little-endian', () => {
    expect(bytesOf((out) => appendLog(out, LOG))).toBe(
      [
        '0101',
        '0100000000000000',
        '00f1536500000000',
        'c0d45407',
        '02',
        '03000000617069',
        'ffffffff',
        '0400000068c3a469',
        '0b0000007b2275736572223a34327d',
        'ffffffff',
        '03000000616e61',
        'c869e5cf8b010000',
      ].join(''),
    );
  });

  it('of an act say each field once, in order', () => {
    const act = {
      seq: 1,
      act_id: Buffer.alloc(2, 7),
      seconds: 3,
      nanos: 4,
      kind: 'k',
      subject: 's',
      actor: null,
      data: '{}',
      tenant_id: null,
      user_id: 'u',
    };
    expect(bytesOf((out) => appendAct(out, act))).toBe(
      [
        '0501',
        '0100000000000000',
        '020000000707',
        '0300000000000000',
        '04000000',
        '010000006b',
        '0100000073',
        'ffffffff',
        '020000007b7d',
        'ffffffff',
        '0100000075',
      ].join(''),
    );
  });

  it('of a file event with the checksum of what was before are of version 2, and else as they ever were', () => {
    const plain = bytesOf((out) => appendFileEvent(out, EVENT));
    expect(bytesOf((out) => appendFileEvent(out, { ...EVENT, old_checksum: null }))).toBe(plain);
    const old = { ...EVENT, old_checksum: Uint8Array.of(3, 4) };
    expect(bytesOf((out) => appendFileEvent(out, old))).toBe(`0202${plain.slice(4)}020000000304`);
  });

  it('of a file event keep 64-bit numbers, negative times and bytes that are no text', () => {
    expect(bytesOf((out) => appendFileEvent(out, EVENT))).toBe(
      [
        '0201',
        '0700000000000000',
        '0100000000000000',
        'ffffffffffffffff',
        '05000000',
        '03',
        '00',
        '0100000062',
        '01000000ff',
        '010300000000000000',
        '00',
        '02',
        '01',
        'ffffffffffffffff',
        '0000000000000010',
        '0300000000000000',
        'feffffffffffffff',
        'ffc99a3b',
        '0100000000000000',
        '00000000',
        'a481000000000000',
        '0100000000000000',
        '020000000102',
        '0100000073',
        'ffffffff',
        'ffffffff',
      ].join(''),
    );
  });

  it('of a file event without a stat have one zero in its place', () => {
    const bare = { ...EVENT, ino: null, dev: null, stat_size: null, mtime_seconds: null };
    const full = bytesOf((out) => appendFileEvent(out, EVENT));
    const short = bytesOf((out) => appendFileEvent(out, bare));
    expect(full.length - short.length).toBe(2 * (8 * 3 + 12 * 2 + 8 * 2));
  });

  it('differ when the same letters stand in other fields', () => {
    const one = bytesOf((out) => appendLog(out, { ...LOG, component: 'ab', message: 'c' }));
    const other = bytesOf((out) => appendLog(out, { ...LOG, component: 'a', message: 'bc' }));
    expect(one).not.toBe(other);
  });

  it('tell an empty text from none', () => {
    const empty = bytesOf((out) => appendLog(out, { ...LOG, session_id: '' }));
    expect(empty).not.toBe(bytesOf((out) => appendLog(out, LOG)));
  });

  it('of the other streams begin with their own tags', () => {
    const root = { root_id: 1, path: '/r', created_ms: 0 };
    expect(bytesOf((out) => appendRoot(out, root)).slice(0, 4)).toBe('0401');
    const change = {
      seq: 1,
      revision: 1,
      seconds: 0,
      nanos: 0,
      kind: 'session.start',
      subject: 's',
      data: null,
      session_id: null,
      tenant_id: null,
      user_id: null,
    };
    expect(bytesOf((out) => appendCoordination(out, change)).slice(0, 4)).toBe('0301');
  });

  it('hold integers exactly on both sides of 32 bits and of zero', () => {
    for (const value of [0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53 - 1)]) {
      const out = new CanonicalBuffer();
      out.i64(value);
      expect(out.view().readBigInt64LE(0)).toBe(BigInt(value));
    }
  });

  it('are hashed to a leaf behind a zero byte, in parts or whole', () => {
    const expected = createHash('sha256').update(Buffer.from('\0abc')).digest();
    expect(leafOf([Buffer.from('abc')])).toEqual(expected);
    expect(leafOf([Buffer.from('a'), Buffer.from('bc')])).toEqual(expected);
  });
});
