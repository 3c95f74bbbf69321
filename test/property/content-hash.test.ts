// A checksum is only ever given for bytes that were there with the stat it is given for.
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytePathFromUtf8, type BytePath } from '#codi/protocol/byte-path.js';
import { hashFiles, type HashPorts } from '#codi/workers/hashing/hash-files.js';
import { deadline } from '../support/deadline.ts';
import { newSeed } from '../support/random.ts';

const CHUNK = 256 * 1024;
const SEED = newSeed();
let home: string;
let root: string;
const file = () => join(root, 'file');

beforeAll(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'codi-content-')));
  root = join(home, 'root');
  mkdirSync(root);
  mkdirSync(join(home, 'data'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const sleeper = new Int32Array(new SharedArrayBuffer(4));
const ports = (onChunk?: () => void): HashPorts => ({
  dataDir: join(home, 'data'),
  isLinux: true,
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs) => void Atomics.wait(sleeper, 0, 0, durationMs),
  isStopping: () => false,
  ...(onChunk && { onChunk }),
});

/** Reads the file by the stat it has now. */
function readNow(onChunk?: () => void): { key: string; checksum: string | undefined } {
  const { dev, ino, size, mtimeNs, ctimeNs } = lstatSync(file(), { bigint: true });
  const stat = { dev, ino, size: Number(size), mtimeNs, ctimeNs, mode: 0, nlink: 1 };
  const files = [{ path: 'file' as BytePath, stat }];
  const input = { root: bytePathFromUtf8(root), files, budgetMs: 60_000 };
  const { checksum } = hashFiles(input, ports(onChunk)).outcomes[0]!;
  const hex = checksum && Buffer.from(checksum).toString('hex');
  return { key: [dev, ino, size, mtimeNs, ctimeNs].join(' '), checksum: hex };
}

test(`beside a thread that changes the file (seed ${SEED})`, async () => {
  writeFileSync(file(), 'begin');
  const entry = new URL('../support/content-writer.mjs', import.meta.url);
  const worker = new Worker(entry, { workerData: { path: file(), seed: SEED, changes: 150 } });
  let contents: Record<string, string> | undefined;
  worker.once('message', (message: Record<string, string>) => (contents = message));
  const found: { key: string; checksum: string }[] = [];
  let tries = 0;
  while (!contents) {
    tries += 1;
    const { key, checksum } = readNow();
    if (checksum !== undefined) found.push({ key, checksum });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await deadline('the writer to end', worker.terminate());
  // In the middle of one call of the writer a file can have a stat that it never sees: a new size and still the old time.
  const known = found.filter(({ key }) => key in contents!);
  for (const { key, checksum } of known) expect([key, checksum]).toEqual([key, contents[key]]);
  expect(known.length).toBeGreaterThan(Math.max(3, 0.8 * found.length));
  expect(found.length).toBeLessThan(tries);
});

const write = (position: number, length: number) => {
  const open = openSync(file(), 'r+');
  writeSync(open, Buffer.alloc(length, 9), 0, length, position);
  closeSync(open);
};
const DURING: Record<string, () => void> = {
  nothing: () => undefined,
  append: () => appendFileSync(file(), 'x'),
  truncate: () => truncateSync(file(), CHUNK),
  begin: () => write(0, 10),
  end: () => write(2 * CHUNK, 10),
  oldTime: () => {
    write(CHUNK, 10);
    utimesSync(file(), 1, 1);
  },
  replace: () => {
    writeFileSync(`${file()}.new`, Buffer.alloc(3 * CHUNK, 5));
    renameSync(`${file()}.new`, file());
  },
};

test('when changes come between any two parts of the file', () => {
  const moment = fc.constantFrom(...Object.keys(DURING));
  fc.assert(
    fc.property(fc.array(moment, { minLength: 3, maxLength: 3 }), (moments) => {
      writeFileSync(file(), Buffer.alloc(3 * CHUNK, 1));
      utimesSync(file(), 1, 1);
      let chunk = 0;
      const { checksum } = readNow(() => DURING[moments[chunk++] ?? 'nothing']!());
      const isQuiet = moments.every((each) => each === 'nothing');
      const now = createHash('sha256').update(readFileSync(file())).digest('hex');
      expect(checksum).toBe(isQuiet ? now : undefined);
    }),
    { numRuns: 60, examples: [[['nothing', 'nothing', 'nothing']]] },
  );
});
