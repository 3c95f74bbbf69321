import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nameNew } from '#codi/cli/new-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'codi-new-file-'));
  writeFileSync(join(folder, 'finished'), 'new');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('A finished file gets its name.', async () => {
  expect(await nameNew(join(folder, 'finished'), join(folder, 'a'))).toBe(true);
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('new');
});

it('What has the name keeps it, a link that leads nowhere as well.', async () => {
  writeFileSync(join(folder, 'a'), 'old');
  symlinkSync('nowhere', join(folder, 'b'));
  expect(await nameNew(join(folder, 'finished'), join(folder, 'a'))).toBe(false);
  expect(await nameNew(join(folder, 'finished'), join(folder, 'b'))).toBe(false);
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old');
});
