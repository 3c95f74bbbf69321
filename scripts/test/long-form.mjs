import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { ROOT, setUp } from '../setup.mjs';

/**
 * Runs one test file in its long form, which its variables ask for, with its progress on this terminal.
 *
 * @param {string} file from the top of the repository
 * @param {Record<string, string | undefined>} variables
 */
export async function runLongForm(file, variables) {
  await setUp();
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', file], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...variables },
  });
  child.once('close', (code) => (process.exitCode = code ?? 1));
}
