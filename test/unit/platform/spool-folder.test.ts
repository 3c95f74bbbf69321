import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { spoolFolder } from '#codi/platform/spool-folder.js';

const WRITERS = [1, 2, 3].map((digit) => `0000000${digit}-0000-4000-8000-000000000000`);
/** Makes files in order, as clients do that find their file taken or full. */
const PROGRAM = `
const { writeFileSync } = require('node:fs');
const { workerData: { directory, writers }, parentPort } = require('node:worker_threads');
for (let number = 1; number <= 3000; number++)
  for (const writer of writers) writeFileSync(directory + '/' + writer + '.' + number + '.jsonl', '');
parentPort.postMessage('done');
`;

test('However much there is that is no spool file, one that is one is seen.', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'codi-spool-'));
  try {
    for (let number = 0; number < 20_001; number++)
      writeFileSync(join(directory, `a${number}`), '');
    writeFileSync(join(directory, `${WRITERS[0]}.7.jsonl`), '');
    const folder = spoolFolder({ directory, uid: process.getuid!(), fileLimitBytes: 1_000 });
    expect((await folder.list()).files).toMatchObject([{ writer: WRITERS[0], number: 7 }]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);

test('A listing shows no file without those before it, however many come meanwhile.', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'codi-spool-'));
  try {
    const folder = spoolFolder({ directory, uid: process.getuid!(), fileLimitBytes: 1_000 });
    const worker = new Worker(PROGRAM, { eval: true, workerData: { directory, writers: WRITERS } });
    let isDone = false;
    worker.once('message', () => (isDone = true));
    let listings = 0;
    while (!isDone) {
      const { files } = await folder.list();
      listings += 1;
      for (const writer of WRITERS) {
        const numbers = files.filter((file) => file.writer === writer).map(({ number }) => number);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      }
    }
    expect(listings).toBeGreaterThan(0);
    expect((await folder.list()).files).toHaveLength(3 * 3000);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);

test('A folder that cannot be reached is a problem of this look, not of the next one.', async () => {
  const home = mkdtempSync(join(tmpdir(), 'codi-spool-'));
  try {
    const directory = join(home, 'data', 'spool');
    const folder = spoolFolder({ directory, uid: process.getuid!(), fileLimitBytes: 1_000 });
    writeFileSync(join(home, 'data'), 'no directory');
    expect(await folder.list()).toMatchObject({
      files: [],
      problem: expect.stringMatching(/ENOTDIR.*spool/) as string,
    });
    rmSync(join(home, 'data'));
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    expect(await folder.list()).toEqual({ files: [], rejectedFiles: 0, foreign: [] });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
