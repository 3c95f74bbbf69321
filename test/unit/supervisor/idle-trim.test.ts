import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { deadline } from '../../support/deadline.ts';

const TRIM = import.meta.resolve('#codi/supervisor/idle-trim.js');
const MIB = 1024 * 1024;

/** Makes much that lives for a while and then is garbage, as a scan does, and tells the size of its heap from then on. */
const IDLE = `import { getHeapStatistics } from 'node:v8';
import { trimWhenIdle } from ${JSON.stringify(TRIM)};
let kept = [];
for (let at = 0; at < 400_000; at++) kept.push({ name: 'name ' + at, at: [at] });
trimWhenIdle(() => process.cpuUsage());
kept = undefined;
setInterval(() => console.log(getHeapStatistics().total_heap_size), 250);`;

it('A process with nothing to do gives back what its work has left in memory.', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', IDLE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const sizes = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async () => Number((await sizes.next()).value);
    const first = await deadline('the size of its heap', next(), 20_000);
    const untilSmall = async () => {
      for (;;) if ((await next()) < first - 20 * MIB) return;
    };
    expect(first).toBeGreaterThan(30 * MIB);
    await deadline('a smaller heap', untilSmall(), 20_000);
  } finally {
    child.kill('SIGKILL');
  }
}, 45_000);
