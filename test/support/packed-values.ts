import fc from 'fast-check';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';

/** Text with everything that is hard: control characters, quotes, other planes, `__proto__`. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', '', '"\\\n\u0000\u007f\u2028'),
);

const integer = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.integer({ min: -40, max: 300 }));
/** Only those that are no safe integers: these are read as numbers. */
const longInteger = fc.oneof(
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);

/** What MessagePack can say without extension types; maps have no prototype tricks but in keys. */
export const { value: anyPacked } = fc.letrec<{ value: PackedValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    integer,
    longInteger,
    fc.double(),
    anyText,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(anyText, tie('value')), { maxLength: 5 }).map(mapOf),
  ),
}));

function mapOf(pairs: readonly (readonly [string, PackedValue])[]): PackedValue {
  // Object.fromEntries defines properties, so that `__proto__` is one like any other.
  return Object.fromEntries(pairs) as PackedValue;
}
