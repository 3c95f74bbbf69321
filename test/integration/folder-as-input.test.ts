import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));

test('A folder as standard input is said to be one, and is no empty text.', () => {
  const folder = openSync(tmpdir(), 'r');
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'log', '-'], {
    stdio: [folder, 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  closeSync(folder);
  expect([status, stderr]).toEqual([2, expect.stringContaining('standard input is a folder')]);
});
