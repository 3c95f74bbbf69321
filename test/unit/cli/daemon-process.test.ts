import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startDaemonProcess } from '#codi/cli/daemon-process.js';
import type { CliIo } from '#codi/cli/cli-io.js';
import { DAEMON_HEAP_FLAGS } from '#codi/config/heap-flags.js';
import { deadline } from '../../support/deadline.ts';

it('The daemon is started with a small space for new objects, and is given its arguments.', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'codi-monitor-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  const monitorEntry = join(cwd, 'monitor.mjs');
  writeFileSync(
    monitorEntry,
    'process.send({ node: process.execArgv, own: process.argv.slice(2) }, () => process.exit());',
  );
  const io = { execPath: process.execPath, monitorEntry, cwd, env: {} } as unknown as CliIo;
  const child = startDaemonProcess(io, ['--poll'], { logFd: 2, hasChannel: true });
  const [told] = (await deadline('its arguments', once(child, 'message'), 20_000)) as [unknown];
  expect(told).toEqual({ node: DAEMON_HEAP_FLAGS, own: ['--poll'] });
});
