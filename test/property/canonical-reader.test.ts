import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCanonical } from '#codi/protocol/audit/canonical-reader.js';
import { LEVELS, SESSION_BY } from '#codi/protocol/kinds.js';
import {
  appendAct,
  appendCoordination,
  appendFileEvent,
  appendLog,
  appendRoot,
  CanonicalBuffer,
} from '#codi/workers/storage/canonical.js';
import { EVENTS, KINDS, SEEN } from '#codi/workers/storage/codes.js';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const optional = fc.option(text, { nil: null });
const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const time = { seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), nanos: fc.nat(999_999_999) };
const who = { session_id: optional, tenant_id: optional, user_id: optional };

const sessionBy = fc.option(fc.nat(SESSION_BY.length - 1), { nil: null });
const log = fc.record({
  id: number,
  ...time,
  level: fc.nat(LEVELS.length - 1),
  component: text,
  message: text,
  metadata: optional,
  ...who,
  created_ms: number,
  session_by: sessionBy,
});
const fileEvent = fc.record({
  seq: number,
  root_id: number,
  ...time,
  event: fc.nat(EVENTS.length - 1),
  kind: fc.nat(KINDS.length - 1),
  path: fc.oneof(
    text,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  ),
  from_path: fc.option(text, { nil: null }),
  size: fc.option(number, { nil: null }),
  old_size: fc.option(number, { nil: null }),
  seen: fc.nat(SEEN.length - 1),
  checksum: fc.option(fc.uint8Array({ maxLength: 32 }), { nil: null }),
  ...who,
  old_checksum: fc.option(fc.uint8Array({ maxLength: 32 }), { nil: null }),
  session_by: sessionBy,
});
const stat = fc.record({
  dev: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  ino: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  stat_size: number,
  mtime_seconds: number,
  mtime_nanos: fc.nat(999_999_999),
  ctime_seconds: number,
  ctime_nanos: fc.nat(999_999_999),
  mode: number,
  nlink: number,
});
const NO_STAT = {
  dev: null,
  ino: null,
  stat_size: null,
  mtime_seconds: null,
  mtime_nanos: null,
  ctime_seconds: null,
  ctime_nanos: null,
  mode: null,
  nlink: null,
};

test('what was encoded is read back, column by column', () => {
  fc.assert(
    fc.property(
      log,
      fileEvent,
      fc.option(stat, { nil: null }),
      text,
      (entry, event, stats, path) => {
        const out = new CanonicalBuffer(64);
        appendLog(out, entry);
        appendFileEvent(out, { ...event, ...(stats ?? NO_STAT) });
        appendRoot(out, { root_id: 3, path, created_ms: 5 });
        const [readLog, readEvent, readRoot, ...more] = readCanonical(out.view());
        expect(more).toEqual([]);
        const { id, session_by: by, ...columns } = entry;
        expect(readLog).toEqual({
          ...columns,
          stream: 'log',
          number: id,
          level: LEVELS[entry.level],
          ...(by !== null && { session_by: SESSION_BY[by] }),
        });
        expect(readEvent).toMatchObject({
          stream: 'file',
          number: event.seq,
          root_id: event.root_id,
          event: EVENTS[event.event],
          kind: KINDS[event.kind],
          seen: SEEN[event.seen],
          size: event.size,
          old_size: event.old_size,
          from_path: event.from_path,
          checksum: event.checksum && Buffer.from(event.checksum).toString('hex'),
          ...(event.old_checksum && {
            old_checksum: Buffer.from(event.old_checksum).toString('hex'),
          }),
          stat: stats && {
            dev: BigInt.asUintN(64, stats.dev).toString(),
            ino: BigInt.asUintN(64, stats.ino).toString(),
            size: stats.stat_size,
          },
        });
        const hasSessionBy = event.session_by !== null;
        expect(readEvent!['session_by']).toBe(SESSION_BY[event.session_by ?? -1]);
        expect('old_checksum' in readEvent!).toBe(hasSessionBy || event.old_checksum !== null);
        if (typeof event.path === 'string') expect(readEvent!['path']).toBe(event.path);
        expect(readRoot).toEqual({ stream: 'root', number: 3, path, created_ms: 5 });
      },
    ),
  );
});

test('a change of the coordination stream is read back', () => {
  const out = new CanonicalBuffer(64);
  const row = { seconds: 1, nanos: 2, kind: 'session.start', data: '{}', revision: 9 };
  const who_ = { session_id: 's', tenant_id: null, user_id: 'ana' };
  appendCoordination(out, { seq: 4, subject: Buffer.of(0xff), ...row, ...who_ });
  expect(readCanonical(out.view())).toEqual([
    { stream: 'state', number: 4, subject: '\ufffd', subject_b64: '/w==', ...row, ...who_ },
  ]);
});

test('an administrative act is read back', () => {
  const out = new CanonicalBuffer(64);
  const row = { seconds: 1, nanos: 2, kind: 'debug.kill', subject: 'core', actor: 'uid 0' };
  const more = { data: null, tenant_id: null, user_id: 'ana' };
  appendAct(out, { seq: 4, act_id: Buffer.alloc(16, 0xab), ...row, ...more });
  const act_id = 'ab'.repeat(16);
  expect(readCanonical(out.view())).toEqual([
    { stream: 'act', number: 4, act_id, ...row, ...more },
  ]);
});

test('bytes that end too early, or are not canonical, throw RangeError', () => {
  fc.assert(
    fc.property(log, fc.nat(), fc.nat(), (entry, cut, seed) => {
      const out = new CanonicalBuffer(64);
      appendLog(out, entry);
      const bytes = Buffer.from(out.view());
      const length = 1 + (cut % (bytes.length - 1));
      expect(() => readCanonical(bytes.subarray(0, length))).toThrow(RangeError);
      bytes[0] = 6 + (seed % 250);
      expect(() => readCanonical(bytes)).toThrow(RangeError);
    }),
  );
});
