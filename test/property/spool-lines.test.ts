// A spool is appended to by programs that may be killed at any byte, and read by a daemon that trusts none of it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { decodeEntries } from '#codi/protocol/entry.js';
import { readSpoolLine } from '#codi/protocol/spool-line.js';
import { spoolLine, spoolName, SpoolsWorld } from '../support/spools-world.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-lines-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const ports = { newId: () => '', now: () => ({ seconds: 0, nanos: 0 }) };
const text = fc.string({ unit: 'binary', maxLength: 40 });
const entries = fc.array(
  fc.record(
    {
      level: fc.constantFrom('Trace', 'Debug', 'Info', 'Warn', 'Error'),
      component: text,
      message: text,
      metadata: fc.dictionary(text, fc.jsonValue()),
      session_id: fc.option(text),
    },
    { requiredKeys: ['level', 'component', 'message'] },
  ),
  { minLength: 1, maxLength: 20 },
);

it('a line says what was handed in, to the reader of the spool and to the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (list) => {
      const directory = mkdtempSync(join(home, 'spool-'));
      const client = await MonitorClient.connect({
        socketPath: join(home, 'nobody.sock'),
        spool: { directory, fsync: 'never' },
        retry: { attempts: 1 },
      });
      await client.batch(list as never);
      await client.close();
      const [name] = readdirSync(directory) as [string];
      const lines = readFileSync(join(directory, name), 'utf8').trimEnd().split('\n');
      expect(lines).toHaveLength(list.length);
      for (const [index, line] of lines.entries()) {
        const read = readSpoolLine(line);
        expect(read).toMatchObject({ ok: true, line: { sequence: index + 1, kind: 'LogEntry' } });
        const decoded = decodeEntries(Buffer.from(line), 'json', ports);
        if (!decoded.ok) throw decoded.error;
        const [entry] = decoded.entries;
        const given = list[index]!;
        expect(entry?.message).toBe(given.message);
        expect(entry?.component).toBe(given.component);
        expect(entry?.sessionId).toBe(given.session_id ?? null);
        const metadata = given.metadata === undefined ? null : given.metadata;
        expect(JSON.parse(entry?.metadata ?? 'null')).toEqual(JSON.parse(JSON.stringify(metadata)));
      }
    }),
    { numRuns: 60 },
  );
});

it('of files that are torn anywhere every whole line is stored, once and in order, and no other', async () => {
  const world = new SpoolsWorld({ lines: 3 });
  world.folder.chunkBytes = 37;
  await world.start();
  let producer = 0;
  await fc.assert(
    fc.asyncProperty(
      // The numbers at which a writer went on after each of its torn files, and where each is torn.
      fc.array(
        fc.record({
          lines: fc.integer({ min: 0, max: 6 }),
          cut: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      async (files) => {
        producer += 1;
        const name = `p${producer}`;
        let first = 1;
        const wanted: string[] = [];
        for (const [index, { lines, cut }] of files.entries()) {
          const whole = Array.from({ length: lines }, (_, at) =>
            spoolLine(first + at, { producer_id: name }, { message: `${name} ${first + at}` }),
          );
          const bytes = Buffer.from(whole.join(''));
          const kept = bytes.subarray(0, Math.round(bytes.length * cut));
          // What was not acknowledged is written again, into the next file.
          const complete = kept
            .toString()
            .split('\n')
            .filter((line) => line.endsWith('}}')).length;
          for (let at = 0; at < complete; at++) wanted.push(`${name} ${first + at}`);
          first += complete;
          world.folder.files.set(spoolName(1, index + 1), kept);
        }
        await world.actors.advance(4_000);
        expect(world.messages().filter((message) => message.startsWith(`${name} `))).toEqual(
          wanted,
        );
        expect(world.folder.files.size).toBe(0);
        world.folder.aside.clear();
      },
    ),
    { numRuns: 60 },
  );
  await world.close();
});

it('whatever bytes are in a file, it is read to its end and the next file after it', async () => {
  const world = new SpoolsWorld();
  await world.start();
  let round = 0;
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((value) => Buffer.from(`${value}\n`)),
    fc
      .record({ producer_id: fc.anything(), id: fc.anything(), LogEntry: fc.anything() })
      .map((value) =>
        Buffer.from(
          `${JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item))}\n`,
        ),
      ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(junk, { maxLength: 6 }), async (pieces) => {
      round += 1;
      const own = spoolLine(1, { producer_id: `after ${round}` }, { message: `after ${round}` });
      world.folder.files.set(spoolName(1, 1), Buffer.concat(pieces));
      world.folder.files.set(spoolName(1, 2), Buffer.from(own));
      await world.actors.advance(4_000);
      expect(world.messages()).toContain(`after ${round}`);
      expect(world.folder.files.size).toBe(0);
      world.folder.aside.clear();
    }),
    { numRuns: 100 },
  );
  await world.close();
});
