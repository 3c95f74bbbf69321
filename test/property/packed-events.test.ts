import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, IndexStat } from '#codi/protocol/file-event.js';
import {
  countEvents,
  haveFound,
  ownEvents,
  packEvents,
  pathsOfFiles,
  unpackEvents,
} from '#codi/protocol/packed-events.js';

const path = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Buffer.from(bytes).toString('latin1') as BytePath);
const nanoseconds = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const stat: fc.Arbitrary<IndexStat> = fc.record({
  dev: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  ino: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  size: fc.nat(Number.MAX_SAFE_INTEGER),
  // Any second that a program may set.
  mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }).map((s) => s * 1_000_000_000n + 7n),
  ctimeNs: nanoseconds,
  mode: fc.nat(0o177777),
  nlink: fc.nat(Number.MAX_SAFE_INTEGER),
});
const session = fc.constantFrom(
  { id: 'one', by: 'path', tenantId: null, userId: 'u' } as const,
  { id: 'zwei \u{1F680}', by: 'given', tenantId: '', userId: null } as const,
);
const event: fc.Arbitrary<FileEventRecord> = fc.record(
  {
    seconds: fc.maxSafeInteger(),
    nanos: fc.nat(999_999_999),
    event: fc.constantFrom('create', 'update', 'delete', 'move', 'attrib', 'transient'),
    path,
    from: path,
    kind: fc.constantFrom('file', 'dir', 'symlink', 'other'),
    size: fc.option(fc.nat(Number.MAX_SAFE_INTEGER)),
    oldSize: fc.nat(Number.MAX_SAFE_INTEGER),
    seen: fc.constantFrom('native', 'poll', 'reconcile', 'hint'),
    stat: fc.option(stat),
    session,
    isContentUnsure: fc.constant(true),
    checksum: fc.uint8Array({ maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  },
  { requiredKeys: ['seconds', 'nanos', 'event', 'path', 'kind', 'size', 'seen', 'stat'] },
);

it('What is packed is unpacked as it was, also from the middle of other bytes.', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), fc.nat(9), (events, offset) => {
      const packed = packEvents(events);
      const around = new Uint8Array(packed.bytes.length + offset + 3);
      around.set(packed.bytes, offset);
      const bytes = around.subarray(offset, offset + packed.bytes.length);
      const own = ownEvents({ ...packed, bytes });
      expect('bytes' in own && own.bytes.buffer.byteLength).toBe(packed.bytes.length);
      for (const each of [packed, { ...packed, bytes }, own])
        expect(unpackEvents(each)).toEqual(events);
      expect(countEvents(packed)).toBe(events.length);
      expect([...pathsOfFiles(packed)]).toEqual([...pathsOfFiles(events)]);
      expect(haveFound(packed)).toBe(haveFound(events));
    }),
  );
});
