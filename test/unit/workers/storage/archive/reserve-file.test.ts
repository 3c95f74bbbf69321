import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  releaseReserve,
  reservedBytes,
  reserveDisk,
} from '#codi/workers/storage/archive/reserve-file.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDir } from '../../../../support/ledger-thread.ts';

const BYTES = 5 * 1024 * 1024;

let dir: ReturnType<typeof temporaryDir>;
let file: string;
beforeEach(() => {
  dir = temporaryDir();
  file = join(dir.path, 'reserve');
});
afterEach(() => dir.remove());

test('It takes its room for real, in bytes that cannot be compressed, and for the user alone.', () => {
  reserveDisk(dir.path, BYTES);
  expect(reservedBytes(dir.path)).toBe(BYTES);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const written = readFileSync(file);
  expect(gzipSync(written).length).toBeGreaterThan(BYTES);
  // Nor shared: no piece is like another.
  expect(written.subarray(0, 4096).equals(written.subarray(4_194_304, 4_194_304 + 4096))).toBe(
    false,
  );
});

test('Giving it up says how much it was, and does no harm where there is none.', () => {
  expect(releaseReserve(dir.path)).toBe(0);
  reserveDisk(dir.path, BYTES);
  expect(releaseReserve(dir.path)).toBe(BYTES);
  expect([existsSync(file), reservedBytes(dir.path)]).toEqual([false, 0]);
});

test('It is filled up, cut, and removed, as it should be large.', () => {
  reserveDisk(dir.path, 8_192);
  const first = readFileSync(file);
  reserveDisk(dir.path, BYTES);
  expect(readFileSync(file).subarray(0, 8_192)).toEqual(first);
  reserveDisk(dir.path, 4_096);
  expect(reservedBytes(dir.path)).toBe(4_096);
  reserveDisk(dir.path, 0);
  expect(existsSync(file)).toBe(false);
});

test('A file with holes holds nothing, and is written anew.', () => {
  writeFileSync(file, '');
  truncateSync(file, BYTES);
  expect(reservedBytes(dir.path)).toBe(0);
  reserveDisk(dir.path, BYTES);
  expect(reservedBytes(dir.path)).toBe(BYTES);
});
