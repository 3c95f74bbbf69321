import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { DAEMON_HEAP_FLAGS } from '../config/heap-flags.ts';
import type { WireError } from '../protocol/errors.ts';
import type { CliIo } from './cli-io.ts';
import type { GlobalOptions } from './global-options.ts';

/** What codi-monitor tells the process that started it. */
export type DaemonNews =
  | {
      type: 'ready';
      pid: number;
      version: string;
      socketPath: string;
      dataDir: string;
      roots: string[];
      files: number;
      httpUrl?: string;
      readyMs: number;
    }
  | { type: 'actor'; path: string; event: 'restarted'; reason: string; afterMs: number }
  | { type: 'stopped'; durationMs: number; entries: number; unstopped: string[] }
  | { type: 'failed'; error: WireError };

/** How a daemon process ended. */
export interface DaemonEnd {
  code: number | null;
  signal: string | null;
}

/** Arguments of codi-monitor for these flags and paths. */
export function monitorArguments(
  globals: GlobalOptions,
  paths: readonly string[],
  isPolled = false,
): string[] {
  const flag = (name: string, value: string | undefined) =>
    value === undefined ? [] : [name, value];
  return [
    ...flag('--data-dir', globals.dataDir),
    ...flag('--socket', globals.socket),
    ...flag('--config', globals.config),
    ...(isPolled ? ['--poll'] : []),
    ...(paths.length > 0 ? ['--', ...paths] : []),
  ];
}

/**
 * Starts codi-monitor in a session of its own: a Ctrl-C in the terminal reaches this command alone,
 * which then asks the daemon to drain. With `hasChannel` the daemon ends when this process does.
 */
export function startDaemonProcess(
  io: CliIo,
  args: readonly string[],
  options: { logFd: number; hasChannel: boolean; env?: Record<string, string> },
): ChildProcess {
  return spawn(io.execPath, [...DAEMON_HEAP_FLAGS, io.monitorEntry, ...args], {
    cwd: io.cwd,
    detached: true,
    env: { ...options.env, ...io.env },
    stdio: ['ignore', options.logFd, options.logFd, options.hasChannel ? 'ipc' : 'ignore'],
  });
}

/** Resolves when the process has ended, also when it could not be started at all. */
export function endOf(child: ChildProcess): Promise<DaemonEnd> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 1, signal: null }));
  });
}
