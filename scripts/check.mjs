// `npm run check`: everything a machine can say about the code without running it. All checks run, so
// that one look shows everything; the output of those that fail is printed.
import { join } from 'node:path';

import { runCommand } from './setup/run-command.mjs';
import { reportFailure } from './setup/terminal.mjs';
import { ROOT, setUp } from './setup.mjs';

/** @param {string} path in node_modules */
const installed = (path) => join(ROOT, 'node_modules', path);
const tsc = installed('typescript/bin/tsc');

/** @type {[string, string[]][]} */
const CHECKS = [
  ['types of src', [tsc, '--noEmit', '-p', 'tsconfig.json']],
  ['types of tests', [tsc, '-p', 'tsconfig.test.json']],
  ['types of scripts', [tsc, '-p', 'tsconfig.scripts.json']],
  ['lint', [installed('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', '-f', 'unix']],
  ['format', [installed('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['unused code', [installed('knip/bin/knip.js'), '--no-progress', '--no-config-hints']],
  ['generated files', [join(ROOT, 'scripts/generate.mjs'), '--check']],
  ['lockfile', [join(ROOT, 'scripts/check-lockfile.mjs')]],
];

try {
  // Types of tests and generated files are read from the compiled code.
  await setUp();
} catch (error) {
  reportFailure(error);
  process.exit(1);
}

const failed = [];
for (const [name, args] of CHECKS) {
  const startedAtMs = performance.now();
  const { code, output } = await runCommand(process.execPath, args, { cwd: ROOT });
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  if (code === 0) continue;
  failed.push(name);
  process.stdout.write(`${output.trimEnd()}\n`);
}
if (failed.length > 0) {
  process.stdout.write(`check failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}
