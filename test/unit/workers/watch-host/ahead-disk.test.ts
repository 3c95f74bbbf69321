import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
const listed = (path: BytePath) =>
  deadline('names', new Promise<string[] | undefined>((resolve) => disk.list(path, resolve)));
const looked = (path: BytePath) =>
  deadline('a look', new Promise<void>((resolve) => disk.look(path, resolve)));

test('Names come as bytes, whatever they are.', async () => {
  const name = 'caf\xe9';
  writeFileSync(bytePathToBuffer(`${at()}/${name}` as BytePath), '');
  expect(await listed(at())).toEqual([name]);
  await looked(`${at()}/${name}` as BytePath);
});

test('Whatever cannot be looked at is answered all the same, and no pipe is opened.', async () => {
  execFileSync('mkfifo', [at('pipe')]);
  await looked(at('pipe'));
  await looked(at('missing', 'name'));
  expect(await listed(at('pipe'))).toBeUndefined();
  expect(await listed(at('missing'))).toBeUndefined();
});
