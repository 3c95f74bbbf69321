import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entryFromJson, entryToJson } from '#codi/workers/storage/archive/archived-entry.js';
import { CanonicalBuffer } from '#codi/workers/storage/canonical.js';
import { appendRow } from '#codi/workers/storage/stored-rows.js';

const text = fc.string({ unit: 'binary', maxLength: 30 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((value) => Buffer.from(value));
const path = fc.oneof(text, bytes);
const integer = fc.maxSafeInteger();
const nanos = fc.nat(999_999_999);
const wide = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const orNull = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const owner = {
  session_id: orNull(text),
  tenant_id: orNull(text),
  user_id: orNull(text),
};
const NO_STAT = Object.fromEntries(
  [
    'dev',
    'ino',
    'stat_size',
    'mtime_seconds',
    'mtime_nanos',
    'ctime_seconds',
    'ctime_nanos',
    'mode',
    'nlink',
  ].map((name) => [name, null]),
);
const stat = fc.record({
  dev: wide,
  ino: wide,
  stat_size: integer,
  mtime_seconds: integer,
  mtime_nanos: nanos,
  ctime_seconds: integer,
  ctime_nanos: nanos,
  mode: integer,
  nlink: integer,
});

const log = fc.record({
  id: integer,
  seconds: integer,
  nanos,
  level: fc.nat(4),
  component: text,
  message: text,
  metadata: orNull(text),
  ...owner,
  created_ms: integer,
  session_by: orNull(fc.nat(3)),
});
const file = fc
  .tuple(
    fc.record({
      seq: integer,
      root_id: integer,
      seconds: integer,
      nanos,
      event: fc.nat(6),
      kind: fc.nat(3),
      path,
      from_path: orNull(path),
      size: orNull(integer),
      old_size: orNull(integer),
      seen: fc.nat(3),
      checksum: orNull(bytes),
      ...owner,
      old_checksum: orNull(bytes),
      session_by: orNull(fc.nat(3)),
    }),
    fc.option(stat, { nil: NO_STAT }),
  )
  .map(([row, columns]) => ({ ...row, ...columns }));
const root = fc.record({ root_id: integer, path, created_ms: integer });
const act = fc.record({
  seq: integer,
  act_id: bytes,
  seconds: integer,
  nanos,
  kind: text,
  subject: text,
  actor: orNull(text),
  data: orNull(text),
  tenant_id: orNull(text),
  user_id: orNull(text),
});
const entry = fc.oneof(
  fc.tuple(fc.constant(1), log),
  fc.tuple(fc.constant(2), file),
  fc.tuple(fc.constant(4), root),
  fc.tuple(fc.constant(5), act),
);

function canonical(stream: number, row: object): Buffer {
  const out = new CanonicalBuffer();
  appendRow(out, stream, row as never);
  return out.view();
}

it('An entry that went through a line of JSON has the canonical bytes it had before.', () => {
  fc.assert(
    fc.property(entry, ([stream, row]) => {
      const line = JSON.stringify(entryToJson(stream, row as never));
      const back = entryFromJson(JSON.parse(line));
      expect(back.stream).toBe(stream);
      expect(canonical(stream, back.row)).toEqual(canonical(stream, row));
    }),
    { numRuns: 2_000 },
  );
});

it('What is not exactly an entry is refused, whatever it is.', () => {
  fc.assert(
    fc.property(
      entry,
      fc.string({ minLength: 1 }),
      fc.jsonValue(),
      ([stream, row], name, value) => {
        const line = entryToJson(stream, row as never) as Record<string, unknown>;
        fc.pre(!(name in line) && !(name in (row as object)) && name !== '__proto__');
        expect(() => entryFromJson({ ...line, [name]: value })).toThrow(RangeError);
      },
    ),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(() => entryFromJson(value)).toThrow(RangeError);
    }),
  );
});
