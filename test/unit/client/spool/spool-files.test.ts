import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nodeSpoolFiles } from '#codi/client/spool/spool-files.js';
import { skipUnless } from '../../../support/skip.ts';

const NOBODY = 65_534;
const own = () => process.getuid!();

let home: string;
let directory: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-spool-files-'));
  directory = join(home, 'data', 'spool');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('Its owner can use what it makes, whatever the umask is.', async () => {
  mkdirSync(join(home, 'data'));
  const before = process.umask(0o777);
  try {
    const files = nodeSpoolFiles(own);
    await files.openFolder(directory);
    await (await files.create(join(directory, 'file'))).close();
  } finally {
    process.umask(before);
  }
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(directory, 'file')).mode & 0o777).toBe(0o600);
});

skipUnless(own() === 0, 'a file of somebody else can be made by root alone')(
  'Beside the store of somebody else no spool is begun; one that is there already is used.',
  async () => {
    mkdirSync(join(home, 'data'));
    writeFileSync(join(home, 'data', 'ledger.db'), '');
    chownSync(join(home, 'data', 'ledger.db'), NOBODY, NOBODY);
    const files = nodeSpoolFiles(own);
    await expect(files.openFolder(directory)).rejects.toMatchObject({
      code: 'CODI_SPOOL_UNAVAILABLE',
      message: expect.stringContaining('the store beside it belongs to somebody else') as string,
    });
    expect(existsSync(directory)).toBe(false);
    mkdirSync(directory, { mode: 0o700 });
    expect(await files.openFolder(directory)).toEqual({ bytes: 0, names: [] });
  },
);
