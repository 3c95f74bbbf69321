// docs/cli.md: the commands, as the program itself describes them.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { ROOT } from '../setup.mjs';

export const path = 'docs/cli.md';

export function generate() {
  const entry = join(ROOT, 'dist', 'cli', 'entry.js');
  return execFileSync(process.execPath, [entry, '__reference'], { encoding: 'utf8' });
}
