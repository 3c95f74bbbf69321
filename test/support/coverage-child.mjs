// Preloaded (NODE_OPTIONS) into every program, thread and child that tests start. Tests kill these
// in every possible way, and a killed process writes no coverage: so it is written at growing
// intervals from the start on, and when a test asks for it with SIGUSR2.
import { takeCoverage } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

const FIRST_MS = 200;
const FACTOR = 3;
const LAST_MS = 120_000;

/** @param {number} delayMs */
function takeAfter(delayMs) {
  if (delayMs > LAST_MS) return;
  setTimeout(() => {
    takeCoverage();
    takeAfter(delayMs * FACTOR);
  }, delayMs).unref();
}

// The test runner's own processes have the setup file.
const isTestRunner = process.env['VITEST_WORKER_ID'] !== undefined && isMainThread;
if (process.env['NODE_V8_COVERAGE'] !== undefined && !isTestRunner) {
  takeAfter(FIRST_MS);
  if (isMainThread) process.on('SIGUSR2', () => takeCoverage());
}
