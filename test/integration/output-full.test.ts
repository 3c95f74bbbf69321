import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { CODI_ENTRY } from '../support/codi-process.ts';

it('what cannot be printed for want of room is told as that, not as a mistake of codi', async () => {
  const run = promisify(execFile)('sh', [
    '-c',
    'exec "$0" "$1" help topics >/dev/full',
    process.execPath,
    CODI_ENTRY,
  ]);
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/ENOSPC[^]*CODI_OUTPUT_FAILED/),
  });
});
