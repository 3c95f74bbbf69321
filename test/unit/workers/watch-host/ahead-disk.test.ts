import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bytePathFromBuffer, bytePathToBuffer, type BytePath } from '#codi/protocol/byte-path.js';
import { nodeAheadDisk } from '#codi/workers/watch-host/ahead-disk.js';
import { deadline } from '../../../support/deadline.ts';

const disk = nodeAheadDisk();
let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'codi-ahead-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const at = (...names: string[]) => bytePathFromBuffer(Buffer.from(join(base, ...names)));
const inoOf = (path: BytePath) => lstatSync(bytePathToBuffer(path), { bigint: true }).ino;
const listed = (path: BytePath, ino: bigint) =>
  deadline('names', new Promise<string[] | undefined>((resolve) => disk.list(path, ino, resolve)));
const looked = (path: BytePath) =>
  deadline('a look', new Promise<void>((resolve) => disk.look(path, resolve)));

test('Names come as bytes, whatever they are.', async () => {
  const name = 'caf\xe9';
  writeFileSync(bytePathToBuffer(`${at()}/${name}` as BytePath), '');
  expect(await listed(at(), inoOf(at()))).toEqual([name]);
  await looked(`${at()}/${name}` as BytePath);
});

test('A directory is listed only if it is the one that was meant, and no link to elsewhere.', async () => {
  mkdirSync(at('d'));
  writeFileSync(at('d', 'f'), '');
  const ino = inoOf(at('d'));
  expect(await listed(at('d'), ino)).toEqual(['f']);
  expect(await listed(at('d'), ino + 1n)).toBeUndefined();
  renameSync(at('d'), at('e'));
  expect(await listed(at('d'), ino)).toBeUndefined();
  symlinkSync('e', at('d'));
  expect(await listed(at('d'), ino)).toBeUndefined();
  expect(await listed(at('d'), inoOf(at('d')))).toBeUndefined();
});

test('Whatever cannot be looked at is answered all the same, and no pipe is opened.', async () => {
  execFileSync('mkfifo', [at('pipe')]);
  await looked(at('pipe'));
  await looked(at('missing', 'name'));
  expect(await listed(at('pipe'), inoOf(at('pipe')))).toBeUndefined();
  expect(await listed(at('missing'), 1n)).toBeUndefined();
});
