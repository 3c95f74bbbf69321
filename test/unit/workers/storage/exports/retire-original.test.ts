import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import { BlobWriter } from '#codi/workers/storage/exports/blob-writer.js';
import { identityOf } from '#codi/workers/storage/exports/open-original.js';
import { retireOriginal } from '#codi/workers/storage/exports/retire-original.js';
import { skipUnless } from '../../../../support/skip.ts';

const CONTENT = 'what an agent said\n'.repeat(1_000);
const CHECKSUM = createHash('sha256').update(CONTENT).digest('hex');
const NAME = 'EXPORT.txt';
const OTHER_DISK = '/dev/shm';
const { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = fs;

let home: string;
let root: string;
let elsewhere: string | undefined;
let archivePath: string;
let isOpen = false;
let isOpenedLate = false;
beforeEach(() => {
  isOpen = false;
  isOpenedLate = false;
  home = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'codi-retire-')));
  root = join(home, 'root');
  mkdirSync(root);
  const writer = new BlobWriter(home, 'test', undefined);
  writer.add(Buffer.from(CONTENT));
  ({ archivePath } = writer.keep(CHECKSUM, null));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
  if (elsewhere) rmSync(elsewhere, { recursive: true, force: true });
  elsewhere = undefined;
});

const original = () => join(root, NAME);
const ports = () => ({
  dataDir: home,
  uid: process.getuid!(),
  writers: { has: () => isOpen, hasNow: () => isOpenedLate } as never,
});
const inputOf = (moveTo: string | null) => ({
  path: bytePathFromUtf8(original()),
  root: bytePathFromUtf8(root),
  identity: identityOf(lstatSync(original(), { bigint: true })),
  checksum: CHECKSUM,
  moveTo: moveTo === null ? null : bytePathFromUtf8(moveTo),
});
const captured = (moveTo: string | null) => {
  writeFileSync(original(), CONTENT);
  return inputOf(moveTo);
};
const retire = (input: ReturnType<typeof inputOf>) => retireOriginal(ports(), input);
const moved = () => join(home, 'moved');

test('A file goes where it is to go, with its bytes, its time and its mode.', async () => {
  const input = captured(moved());
  const { mtimeMs, mode } = lstatSync(original());
  expect(await retire(input)).toEqual({ outcome: 'moved', to: join(moved(), NAME) });
  expect(readdirSync(root)).toEqual([]);
  expect(readFileSync(join(moved(), NAME), 'utf8')).toBe(CONTENT);
  expect(lstatSync(join(moved(), NAME))).toMatchObject({ mtimeMs, mode, nlink: 1 });
  expect(await retire(input)).toMatchObject({ outcome: 'moved' });
});

test('Nothing that is there is replaced, and a folder for it is made.', async () => {
  mkdirSync(moved());
  writeFileSync(join(moved(), NAME), 'of somebody else');
  const version = `EXPORT-${CHECKSUM.slice(0, 12)}.txt`;
  expect(await retire(captured(moved()))).toEqual({ outcome: 'moved', to: join(moved(), version) });
  // Once more the same: a third name.
  await retire(captured(moved()));
  expect(readdirSync(moved()).sort()).toEqual(
    [NAME, version, version.replace('.txt', '-2.txt')].sort(),
  );
  expect(readFileSync(join(moved(), NAME), 'utf8')).toBe('of somebody else');
});

test('What is deleted is gone, and told so once it is gone already.', async () => {
  const input = captured(null);
  expect(await retire(input)).toEqual({ outcome: 'deleted' });
  expect(readdirSync(root)).toEqual([]);
  expect(await retire(input)).toEqual({ outcome: 'gone' });
});

test.each([
  ['written on', () => fs.appendFileSync(original(), 'more')],
  [
    'of the same size and time with another content',
    () => {
      const { atime, mtime } = lstatSync(original());
      fs.writeFileSync(original(), CONTENT.toUpperCase());
      fs.utimesSync(original(), atime, mtime);
    },
  ],
  [
    'a link to it',
    () => {
      fs.renameSync(original(), join(home, 'away'));
      fs.symlinkSync(join(home, 'away'), original());
    },
  ],
])('A file stays that is %s.', async (_, change) => {
  const input = captured(null);
  change();
  const before = readFileSync(original(), 'utf8');
  expect(await retire(input)).toEqual({ outcome: 'changed' });
  expect(await retire({ ...input, moveTo: bytePathFromUtf8(moved()) })).toEqual({
    outcome: 'changed',
  });
  expect(readFileSync(original(), 'utf8')).toBe(before);
});

test('A file stays whose kept content is damaged or missing, and one that somebody writes to.', async () => {
  const input = captured(null);
  isOpen = true;
  await expect(retire(input)).rejects.toThrow('open for writing');
  isOpen = false;
  const bytes = readFileSync(join(home, archivePath));
  writeFileSync(join(home, archivePath), bytes.subarray(0, bytes.length - 20));
  await expect(retire(input)).rejects.toMatchObject({ code: 'CODI_EXPORT_ORIGINAL_KEPT' });
  rmSync(join(home, archivePath));
  await expect(retire(input)).rejects.toThrow('missing');
  expect(readFileSync(original(), 'utf8')).toBe(CONTENT);
});

test('A file is not removed that somebody has opened at the last moment.', async () => {
  const input = captured(null);
  isOpenedLate = true;
  await expect(retire(input)).rejects.toThrow('open for writing');
  expect(readdirSync(root)).toEqual([NAME]);
  isOpenedLate = false;
  expect(await retire(input)).toEqual({ outcome: 'deleted' });
});

test('A file that takes its place at the last moment is not what is taken.', async () => {
  for (const moveTo of [null, moved()]) {
    const input = captured(moveTo);
    const { renameSync } = fs;
    patched({
      renameSync: (...names: Parameters<typeof renameSync>) => {
        rmSync(original());
        writeFileSync(original(), 'exported anew');
        patched({ renameSync });
        renameSync(...names);
      },
    });
    expect(await retire(input)).toEqual({ outcome: 'changed' });
    expect(readdirSync(root)).toEqual([NAME]);
    expect(readFileSync(original(), 'utf8')).toBe('exported anew');
  }
});

function patched(functions: Partial<typeof fs>): void {
  Object.assign(fs, functions);
  syncBuiltinESMExports();
}

const CHANGING = [
  'renameSync',
  'linkSync',
  'unlinkSync',
  'mkdirSync',
  'writeSync',
  'fsyncSync',
] as const;

/** Lets so many calls that change something through; from then on nothing is done any more. False: all went through. */
async function interruptedAfter(calls: number, work: () => Promise<unknown>): Promise<boolean> {
  const real = Object.fromEntries(CHANGING.map((name) => [name, fs[name]]));
  let left = calls;
  let wasCut = false;
  const cut = Object.fromEntries(
    CHANGING.map((name) => [
      name,
      (...args: unknown[]) => {
        wasCut ||= left-- === 0;
        if (wasCut) throw new Error('the end');
        return (real[name] as (...all: unknown[]) => unknown)(...args);
      },
    ]),
  );
  patched(cut as Partial<typeof fs>);
  try {
    await work().catch(() => undefined);
  } finally {
    patched(real as Partial<typeof fs>);
  }
  return wasCut;
}

const isOtherDisk = existsSync(OTHER_DISK) && lstatSync(OTHER_DISK).dev !== lstatSync(tmpdir()).dev;
const places: [string, () => string | null, typeof test][] = [
  ['to the same disk', moved, test],
  ['nowhere', () => null, test],
  [
    'to another disk',
    () => (elsewhere = fs.mkdtempSync(join(OTHER_DISK, 'codi-retire-'))),
    skipUnless(isOtherDisk, `${OTHER_DISK} is no other disk`) as typeof test,
  ],
];

describe('Wherever it is interrupted, the file is there, and the next run finishes.', () => {
  for (const [name, folderOf, run] of places)
    run(`It goes ${name}.`, async () => {
      let steps = 0;
      for (let isCut = true; isCut; steps += 1) {
        const folder = folderOf();
        const input = captured(folder);
        isCut = await interruptedAfter(steps, () => retire(input));
        const holders = [root, ...(folder && existsSync(folder) ? [folder] : [])].flatMap((at) =>
          readdirSync(at).map((file) => join(at, file)),
        );
        const whole = holders.filter((file) => readFileSync(file, 'utf8') === CONTENT);
        expect(whole.length, `after ${steps} steps`).toBeGreaterThanOrEqual(
          folder === null && !existsSync(original()) ? 0 : 1,
        );
        const { outcome } = await retire(input);
        expect(readdirSync(root), `after ${steps} steps`).toEqual([]);
        if (folder === null) expect(['deleted', 'gone']).toContain(outcome);
        else {
          expect(outcome).toBe('moved');
          expect(readdirSync(folder)).toEqual([NAME]);
          expect(readFileSync(join(folder, NAME), 'utf8')).toBe(CONTENT);
          rmSync(folder, { recursive: true });
        }
      }
      expect(steps).toBeGreaterThan(3);
    });
});
