// A daemon in a place of its own for one benchmark.
import { fork } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DAEMON_HEAP_FLAGS } from '../dist/config/heap-flags.js';

const entry = fileURLToPath(new URL('../dist/monitor.js', import.meta.url));

/** Starts the daemon and waits until it has recorded the given folders. `settings` are environment variables. */
export async function startDaemon(roots = [], home = newHome(), settings = {}) {
  const socketPath = join(home, 'run', 'm.sock');
  const startedAt = performance.now();
  const child = fork(entry, ['--data-dir', join(home, 'data'), '--socket', socketPath, ...roots], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // As `codi up` starts it.
    execArgv: [...process.execArgv, ...DAEMON_HEAP_FLAGS],
    env: { ...process.env, CODI_GENERAL_LOG_LEVEL: 'error', ...settings },
  });
  const ready = await new Promise((resolve, reject) => {
    child.on('message', (message) => message.type === 'ready' && resolve(message));
    child.once('exit', (code) => reject(new Error(`the daemon exited with ${code}`)));
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    home,
    socketPath,
    pid: ready.pid,
    readyMs: performance.now() - startedAt,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    stop: async ({ keep = false } = {}) => {
      child.kill('SIGTERM');
      await exited;
      if (!keep) rmSync(home, { recursive: true, force: true });
    },
  };
}

export function newHome() {
  return realpathSync(mkdtempSync(join(tmpdir(), 'codi-bench-')));
}

/** Nearest-rank percentile of unsorted numbers. */
export function percentile(values, share) {
  const sorted = [...values].sort((one, two) => one - two);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

export const rounded = (value) => Number(value.toPrecision(3));
