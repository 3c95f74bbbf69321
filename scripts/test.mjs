// `npm test [-- filter…]`: sets up what is missing, runs every test against the compiled code and closes with one
// line that says how it went. `npm run coverage` does the same, slower, and adds up what of the code ran.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { reportFailure } from './setup/terminal.mjs';
import { ROOT, setUp } from './setup.mjs';
import { rawCoverageFolder, reportCoverage } from './test/coverage.mjs';
import { closingLines, readOutcome } from './test/outcome.mjs';

/** What is measured, rounded down for what depends on timing. It only moves up (docs/decisions/0006). */
const LINES_FLOOR_PERCENT = 90;

const REPORT = join(ROOT, 'coverage', 'tests.json');

const withCoverage = process.argv.includes('--coverage');
try {
  await setUp({ isBundled: !withCoverage });
} catch (error) {
  reportFailure(error);
  process.stdout.write('0 passed, 1 failed, 0 skipped\n');
  process.exit(1);
}

const filters = process.argv.slice(2).filter((argument) => argument !== '--coverage');
rmSync(REPORT, { force: true });
rmSync(rawCoverageFolder(ROOT), { recursive: true, force: true });
mkdirSync(rawCoverageFolder(ROOT), { recursive: true });

const exitCode = await runVitest();
const outcome = readOutcome(readReport(), exitCode, { isCi: isCi() });
if (withCoverage) await printCoverage();
process.stdout.write(`\n${closingLines(outcome).join('\n')}\n`);
process.exitCode = outcome.failed === 0 ? 0 : 1;

/** @returns {Promise<number>} */
function runVitest() {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [
    vitest,
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
  ];
  const child = spawn(process.execPath, [...args, ...filters], {
    cwd: ROOT,
    stdio: 'inherit',
    env: withCoverage ? { ...process.env, ...coverageVariables() } : process.env,
  });
  // Ctrl-C reaches vitest as well; it ends its tests, then we close.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => {});
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Inherited by whatever tests start. */
function coverageVariables() {
  const preload = pathToFileURL(join(ROOT, 'test', 'support', 'coverage-child.mjs')).href;
  const options = [process.env['NODE_OPTIONS'], `--import ${preload}`];
  return {
    NODE_V8_COVERAGE: rawCoverageFolder(ROOT),
    NODE_OPTIONS: options.filter((option) => option !== undefined && option !== '').join(' '),
  };
}

function readReport() {
  try {
    return JSON.parse(readFileSync(REPORT, 'utf8'));
  } catch {
    return undefined;
  }
}

async function printCoverage() {
  try {
    const { lines, percent } = await reportCoverage(ROOT);
    process.stdout.write(`\n${lines.join('\n')}\n`);
    // Part of the tests says nothing about the coverage of all.
    if (percent >= LINES_FLOOR_PERCENT || outcome.failed > 0 || filters.length > 0) return;
    outcome.failed += 1;
    outcome.notes.push(`coverage of lines fell below ${LINES_FLOOR_PERCENT} %`);
  } catch (error) {
    outcome.failed += 1;
    outcome.notes.push('the coverage could not be added up; see above');
    reportFailure(error);
  }
}

function isCi() {
  const value = process.env['CI'] ?? '';
  return value !== '' && value !== 'false' && value !== '0';
}
