import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MODULE = import.meta.resolve('#codi/config/heap-flags.js');

/** Makes much that soon is garbage, and tells how large its space for new objects became. */
const CHURN = `const { getHeapSpaceStatistics } = require('node:v8');
const { parentPort } = require('node:worker_threads');
let kept = [];
for (let at = 0; at < 1_500_000; at++) {
  kept.push({ at: [at] });
  if (kept.length > 50_000) kept = kept.slice(40_000);
}
const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
if (parentPort) parentPort.postMessage(space_size);
else console.log(space_size);`;

const IN_A_THREAD = (setUp: string) => `import { Worker } from 'node:worker_threads';
${setUp}
new Worker(${JSON.stringify(CHURN)}, { eval: true, execArgv: [] }).once('message', console.log);`;

const FLAGGED = `import { keepYoungGenerationsSmall } from ${JSON.stringify(MODULE)};
keepYoungGenerationsSmall();`;

const MIB = 1024 * 1024;

it('A thread made after it was asked for keeps its space for new objects small.', async () => {
  const run = (setUp: string) => sizeIn(['--input-type=module', '-e', IN_A_THREAD(setUp)]);
  expect(await run('')).toBeGreaterThan(8 * MIB);
  expect(await run(FLAGGED)).toBeLessThanOrEqual(8 * MIB);
}, 30_000);

it('A process started with the flags keeps the space of its main thread small.', async () => {
  const { DAEMON_HEAP_FLAGS: flags } = await import('#codi/config/heap-flags.js');
  expect(await sizeIn(['-e', CHURN])).toBeGreaterThan(8 * MIB);
  expect(await sizeIn([...flags, '-e', CHURN])).toBeLessThanOrEqual(8 * MIB);
}, 30_000);

async function sizeIn(args: string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}
