// Whoever read the daemon's lines may be gone without a trace until the last ones are written.
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { deadline } from '../support/deadline.ts';

const TELEMETRY = new URL('../../dist/telemetry/telemetry.js', import.meta.url).href;
const LAST_WORDS = `
  import { createTelemetry } from '${TELEMETRY}';
  const telemetry = createTelemetry({ destination: 'stderr', level: 'info' });
  process.stdin.once('data', async () => {
    for (const path of ['/one', '/two', '/three'])
      telemetry.emit('RootWatching', { path, files: 0 });
    await telemetry.flush();
    process.exit(7);
  });
  process.stdout.write('ready');
`;

test('a process whose lines nobody reads any more still ends', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', LAST_WORDS], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  try {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await deadline('the child', new Promise((resolve) => child.stdout.once('data', resolve)));
    child.stderr.destroy();
    child.stdin.write('go');
    expect(await deadline('the end of the child', exited)).toBe(7);
  } finally {
    child.kill('SIGKILL');
  }
});
