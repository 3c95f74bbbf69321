// Given a child process whose main thread hangs in native code, as a watch host may while a watcher starts. Break: its
// parent is killed. Expect after: it is gone, too, although it can see nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { isAlive } from '../support/is-alive.ts';

const WATCH = new URL('../../dist/workers/watch-host/death-watch.js', import.meta.url).href;
const CHILD = `import { underDeathWatch } from ${JSON.stringify(WATCH)};
await underDeathWatch(process.ppid, async () => {
  process.stdout.write(process.pid + '\\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;
const PARENT = `import { spawn } from 'node:child_process';
const child = ['--input-type=module', '-e', ${JSON.stringify(CHILD)}];
spawn(process.execPath, child, { detached: true, stdio: 'inherit' });`;

test('A process that hangs while a watcher starts does not outlive its parent.', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await eventually('the end of the child', () => Promise.resolve(!isAlive(pid)), 10_000).catch(
    (error: unknown) => {
      process.kill(pid, 'SIGKILL');
      throw error;
    },
  );
});
