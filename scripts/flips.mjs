// `npm run flips -- [count] [seed]`: the long form of the bit-flip test, 2,000 flips unless told otherwise.
import { join } from 'node:path';

import { runCommand } from './setup/run-command.mjs';
import { ROOT, setUp } from './setup.mjs';

const [count = '2000', seed] = process.argv.slice(2);
await setUp();
const { code, output } = await runCommand(
  process.execPath,
  [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', 'test/chaos/bit-flips.test.ts'],
  { cwd: ROOT, env: { ...process.env, CODI_FLIPS: count, ...(seed && { CODI_SEED: seed }) } },
);
process.stdout.write(output);
process.exitCode = code ?? 1;
