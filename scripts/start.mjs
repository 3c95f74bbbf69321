// `npm start [-- path…]`: sets up what is missing, then becomes `codi up`. It does so in this very
// process: no program stands between the terminal and the daemon's view, so Ctrl-C, signals and the
// exit code need no passing on.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { reportFailure } from './setup/terminal.mjs';
import { ROOT, setUp } from './setup.mjs';

try {
  await setUp();
} catch (error) {
  reportFailure(error);
  process.exit(1);
}

// npm changes to the folder of package.json; paths are meant as seen from where it was called.
const calledFrom = process.env['INIT_CWD'];
if (calledFrom !== undefined && existsSync(calledFrom) && statSync(calledFrom).isDirectory()) {
  process.chdir(calledFrom);
}
const entry = join(ROOT, 'dist', 'cli', 'entry.js');
process.argv = [process.execPath, entry, 'up', ...process.argv.slice(2)];
await import(pathToFileURL(entry).href);
