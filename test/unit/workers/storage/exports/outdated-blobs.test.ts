import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { blobPath } from '#codi/workers/storage/exports/blob-files.js';
import {
  excessBlobs,
  outdatedBlobs,
  removeBlobs,
} from '#codi/workers/storage/exports/outdated-blobs.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'codi-outdated-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const id = (digit: string) => digit.repeat(64);

function keep(digit: string, base: string | null, atMs: number): string {
  const path = join(dataDir, blobPath(id(digit), base && id(base)));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'content');
  utimesSync(path, atMs / 1_000, atMs / 1_000);
  return path;
}

test('The oldest go first, and nothing that a younger one goes on from, directly or not.', () => {
  keep('a', null, 1_000);
  keep('b', 'a', 2_000);
  keep('c', 'b', 9_000);
  keep('d', null, 4_000);
  keep('e', null, 3_000);
  expect(outdatedBlobs(dataDir, 5_000, 10)).toEqual([id('e'), id('d')]);
  expect(outdatedBlobs(dataDir, 10_000, 10)).toEqual(['a', 'b', 'e', 'd', 'c'].map(id));
  // What a limit leaves may need what it takes.
  expect(outdatedBlobs(dataDir, 10_000, 3)).toEqual([id('e')]);
});

test('A content with a whole file and an older one is as young as the younger.', () => {
  keep('a', null, 9_000);
  keep('a', 'b', 1_000);
  expect(outdatedBlobs(dataDir, 5_000, 10)).toEqual([]);
});

test('All files of a content go, except what a content that stays goes on from.', () => {
  const paths = [keep('a', null, 1), keep('b', 'a', 1), keep('c', null, 1), keep('c', 'a', 1)];
  expect(removeBlobs(dataDir, [id('a'), id('c'), id('f')])).toEqual({
    contents: 1,
    bytes: 14,
    keptBytes: 14,
  });
  expect(paths.map((path) => existsSync(path))).toEqual([true, true, false, false]);
});

test('Past a limit the oldest go, as many as are needed, never one that a younger one goes on from, nor the youngest.', () => {
  keep('a', null, 1_000);
  keep('b', 'a', 2_000);
  keep('c', null, 3_000);
  keep('d', null, 4_000);
  keep('e', 'd', 5_000);
  const all = 5 * 'content'.length;
  expect(excessBlobs(dataDir, all, 10)).toEqual([]);
  expect(excessBlobs(dataDir, all - 1, 10)).toEqual(['a', 'b'].map(id));
  expect(excessBlobs(dataDir, 14, 10)).toEqual(['a', 'b', 'c'].map(id));
  // What is left is needed.
  expect(excessBlobs(dataDir, 1, 10)).toEqual(['a', 'b', 'c'].map(id));
  expect(excessBlobs(dataDir, 1, 2)).toEqual(['a', 'b'].map(id));
});

test('One content alone is never too much.', () => {
  expect(excessBlobs(dataDir, 1, 10)).toEqual([]);
  keep('a', null, 1_000);
  expect(excessBlobs(dataDir, 1, 10)).toEqual([]);
});
