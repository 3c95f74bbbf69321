// Whatever racing appenders did to a log, every entry that is whole in its bytes is read, and nothing is invented.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRecord } from '#codi/cli/import/classify.js';
import { LogReader } from '#codi/cli/import/log-reader.js';
import type { ReadEvent } from '#codi/cli/import/read-event.js';
import { nestedFile, racedFile } from '../support/racing-appenders.ts';

function read(bytes: Buffer, chunkBytes = 1 << 20): ReadEvent[] {
  const reader = new LogReader(isRecord);
  const events: ReadEvent[] = [];
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    events.push(...reader.push(bytes.subarray(start, start + chunkBytes)));
  }
  events.push(...reader.end());
  return events;
}

const texts = (events: readonly ReadEvent[]) =>
  events.flatMap((event) => (event.kind === 'record' ? [Buffer.from(event.bytes).toString()] : []));

/** White space outside of texts means nothing. */
const plain = (text: string) => JSON.stringify(JSON.parse(text));

const SEPARATORS = /[\s,[\]\0]/g;
const substance = (text: string) => [...text.replaceAll(SEPARATORS, '')].sort().join('');

describe('the reader of old logs', () => {
  it('gives back every entry that is whole in the bytes, however appenders raced', () => {
    fc.assert(
      fc.property(racedFile, ({ bytes, whole }) => {
        const found = new Set(texts(read(bytes)));
        expect(whole.filter((text) => !found.has(text))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('joins entries that were torn by a whole one', () => {
    fc.assert(
      fc.property(nestedFile(2), ({ bytes, written }) => {
        expect(texts(read(bytes)).map(plain).sort()).toEqual(written.map(plain).sort());
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives out no record that was not written, however often whole entries tore another one', () => {
    fc.assert(
      fc.property(nestedFile(4), ({ bytes, whole, written }) => {
        const found = texts(read(bytes)).map(plain);
        const meant = new Set(written.map(plain));
        const invented = found.filter((text) => !meant.has(text));
        // A value of a torn entry that is alone on its line is read, and counted as what no record is.
        expect(invented.filter((text) => isRecord(JSON.parse(text)))).toEqual([]);
        expect(whole.map(plain).filter((text) => !found.includes(text))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads the same from any chunks, and from a beginning of the file the beginning of that', () => {
    fc.assert(
      fc.property(
        fc.oneof(racedFile, nestedFile(4)),
        fc.nat(10_000),
        fc.integer({ min: 1, max: 64 }),
        ({ bytes }, cut, chunkBytes) => {
          const all = read(bytes);
          expect(read(bytes, chunkBytes)).toEqual(all);
          const early = texts(read(bytes.subarray(0, cut % (bytes.length + 1))));
          expect(texts(all).slice(0, early.length)).toEqual(early);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('accounts for every byte: in a record or reported', () => {
    const text = fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '"',
          ':',
          ',',
          '[',
          ']',
          '\n',
          ' ',
          'a',
          '1',
          '\\',
          '{"a":1}',
          '\0',
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          racedFile.map(({ bytes }) => bytes.toString('latin1').replaceAll(/[^ -~\n]/g, '?')),
        ),
        (source) => {
          const events = read(Buffer.from(source, 'latin1'));
          const seen = events.map((event) =>
            event.kind === 'record' ? Buffer.from(event.bytes).toString('latin1') : event.text,
          );
          expect(substance(seen.join(''))).toBe(substance(source));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
