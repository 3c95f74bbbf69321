// A model of what the old system did: many sessions append lines to one file, some of them in more than one write.
import fc from 'fast-check';

/** One line on its way into the file. */
interface Append {
  text: string;
  /** Where it is cut, in bytes; behind the last one stands the line end. */
  cuts: number[];
}

export interface RacedFile {
  bytes: Buffer;
  /** Lines whose bytes stand together in the file. */
  whole: string[];
  /** All lines that were written to their end. */
  written: string[];
}

const word = fc.string({ unit: 'grapheme', maxLength: 12 });
const value = fc.oneof(
  word,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer(), { minLength: 1, maxLength: 3 }),
  fc.constantFrom('{', '}', '{"', '"}', '{"a":1}', '\\', ',', 'a{b', '[{', '\n', '\u0001'),
);
const metadata = fc.dictionary(fc.constantFrom('a', 'b', '{', 'user', 'deep key', ''), value, {
  maxKeys: 3,
});

/** A line of an old log; the number makes it unlike all others. */
const line = fc
  .record({
    number: fc.nat(1_000_000),
    message: fc.oneof(word, fc.constantFrom('{', '{"x":', '} {', 'say "{"', '{"timestamp":"')),
    metadata,
    isSpaced: fc.boolean(),
  })
  .map(({ number, message, metadata: meta, isSpaced }) => {
    const object = {
      timestamp: new Date(1_750_000_000_000 + number).toISOString(),
      level: 'info',
      message,
      number,
      metadata: { more: meta, last: 1 },
    };
    return isSpaced
      ? JSON.stringify(object, null, 1).replaceAll(/\n */g, ' ')
      : JSON.stringify(object);
  });

const append = fc
  .tuple(line, fc.array(fc.nat(10_000), { maxLength: 3 }))
  .map(([text, cuts]): Append => ({ text, cuts }));

/** Appenders that all run at once: any two lines may be cut by each other. */
export const racedFile = fc
  .tuple(fc.array(append, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(3), { maxLength: 60 }))
  .map(([appends, turns]) => race(appends, turns));

/** One appender at a time writes in pieces, of which no line has more than so many, and whole lines of others come between. */
export const nestedFile = (piecesMax: number) =>
  fc
    .tuple(fc.array(append, { minLength: 1, maxLength: 8 }), fc.array(line, { maxLength: 20 }))
    .map(([appends, others]) => {
      const writes: Write[] = [];
      let next = 0;
      appends.forEach(({ text, cuts }, index) => {
        const pieces = piecesOf({ text, cuts: cuts.slice(0, piecesMax - 1) });
        pieces.forEach((bytes, number) => {
          writes.push({ owner: index, bytes });
          const other = others[next];
          if (number < pieces.length - 1 && other !== undefined) {
            next += 1;
            writes.push({ owner: appends.length + next, bytes: Buffer.from(`${other}\n`) });
          }
        });
      });
      return fileOf(writes, [...appends.map(({ text }) => text), ...others.slice(0, next)]);
    });

interface Write {
  owner: number;
  bytes: Buffer;
}

function race(appends: Append[], turns: number[]): RacedFile {
  const waiting = appends.map((one, owner) => ({ owner, pieces: piecesOf(one) }));
  const writes: Write[] = [];
  for (let turn = 0; waiting.length > 0; turn++) {
    // A few appenders are at work at a time.
    const index = (turns[turn] ?? 0) % Math.min(waiting.length, 3);
    const { owner, pieces } = waiting[index]!;
    writes.push({ owner, bytes: pieces.shift()! });
    if (pieces.length === 0) waiting.splice(index, 1);
  }
  return fileOf(
    writes,
    appends.map(({ text }) => text),
  );
}

function piecesOf({ text, cuts }: Append): Buffer[] {
  const bytes = Buffer.from(`${text}\n`);
  const places = [...new Set(cuts.map((cut) => 1 + (cut % (bytes.length - 1))))].sort(
    (a, b) => a - b,
  );
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}

function fileOf(writes: Write[], written: string[]): RacedFile {
  const bytes = Buffer.concat(writes.map((write) => write.bytes));
  const whole = written.filter((text) => bytes.includes(text));
  return { bytes, whole, written };
}
