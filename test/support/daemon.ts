import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MonitorClient } from '#codi/client/monitor-client.js';
import type { DebugClient } from '#codi/client/debug-client.js';
import { deadline } from './deadline.ts';
import { patientDebugClient } from './patient-debug-client.ts';

export const MONITOR_ENTRY = fileURLToPath(new URL('../../dist/monitor.js', import.meta.url));

export interface DaemonPlace {
  /** Private directory of this test; everything below lies in it. */
  home: string;
  dataDir: string;
  socketPath: string;
  debugSocketPath: string;
  remove(): void;
}

/** A place of its own for each test, so that any number of daemons live side by side. */
export function newPlace(name = 'codi-test-'): DaemonPlace {
  const home = realpathSync(mkdtempSync(join(tmpdir(), name)));
  return {
    home,
    dataDir: join(home, 'data'),
    socketPath: join(home, 'run', 'm.sock'),
    debugSocketPath: join(home, 'run', 'm.debug.sock'),
    remove: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export interface Ready {
  pid: number;
  roots: string[];
  files: number;
  readyMs: number;
  httpUrl: string | undefined;
}

export interface RunningDaemon {
  place: DaemonPlace;
  pid: number;
  ready: Ready;
  process: ChildProcess;
  stderr(): string;
  client(options?: object): Promise<MonitorClient>;
  debug(): Promise<DebugClient>;
  /** SIGTERM; resolves with the exit code after it drained. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** Tests of a full disk ask for a reserve; for the others 32 MiB a daemon would only be written for nothing. */
const DISK_SPARED = { CODI_STORAGE_DISK_RESERVE: '0B' };

/** Starts the real daemon, as `codi up` does, and waits until it has recorded what is on disk. */
export async function startDaemon(
  place: DaemonPlace,
  roots: string[] = [],
  options: {
    env?: Record<string, string>;
    args?: string[];
    /** Arguments of Node. */
    execArgv?: string[];
    timeoutMs?: number;
    /** A program that runs the daemon's command line, with its own arguments. */
    under?: [string, ...string[]];
  } = {},
): Promise<RunningDaemon> {
  const args = ['--data-dir', place.dataDir, '--socket', place.socketPath];
  const [execPath, ...execArgv] = options.under
    ? [...options.under, process.execPath]
    : [process.execPath, ...process.execArgv, ...(options.execArgv ?? [])];
  const child = fork(MONITOR_ENTRY, [...args, ...(options.args ?? []), ...roots], {
    execPath,
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      CODI_DEBUG_WRITE: '1',
      ...DISK_SPARED,
      CODI_HTTP_PORT: '0',
      ...options.env,
    },
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = await deadline(
    'the daemon to be ready',
    new Promise<Ready>((resolve, reject) => {
      child.on('message', (message: { type: string }) => {
        if (message.type === 'ready') resolve(message as unknown as Ready);
      });
      child.once('exit', (code) => reject(new Error(`the daemon exited with ${code}: ${stderr}`)));
    }),
    options.timeoutMs ?? 30_000,
  );
  return {
    place,
    pid: ready.pid,
    ready,
    process: child,
    stderr: () => stderr,
    client: (extra = {}) => MonitorClient.connect({ socketPath: place.socketPath, ...extra }),
    debug: () => patientDebugClient(place.debugSocketPath),
    stop: async () => {
      signal(child, ready.pid, 'SIGTERM');
      return deadline('the daemon to stop', exited, 20_000);
    },
    kill: async () => {
      signal(child, ready.pid, 'SIGKILL');
      await deadline('the daemon to die', exited, 5_000);
    },
  };
}

/** The daemon itself, also where another program runs it. */
function signal(child: ChildProcess, pid: number, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) process.kill(pid, name);
}
