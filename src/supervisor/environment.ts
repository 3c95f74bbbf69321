import type { Clock } from './clock.ts';

/** How a thread or process ended: exit code or signal, and the error when there was one. */
export interface HostExit {
  code: number | null;
  signal: string | null;
  error?: unknown;
}

export interface HostOptions {
  /** Shown by debuggers and process lists. */
  name: string;
  /** Handed to the entry: `workerData` of a thread, first message `{type:'sys.data', data}` of a process. */
  data?: unknown;
  /** Added to the environment variables of the parent. */
  env?: Record<string, string>;
  /** Arguments of Node itself. Processes only. */
  nodeArgs?: readonly string[];
}

/** A thread or child process behind a cell. */
export interface Host {
  readonly kind: 'thread' | 'process';
  /** For people: 'thread 3', 'pid 4711'. */
  readonly tag: string;
  /** threadId or pid; undefined when there never was one. */
  readonly id: number | undefined;
  /** Sends a structured-cloneable message. To an ended host it does nothing. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when it ended for whatever reason, after its last message. */
  onExit(listener: (exit: HostExit) => void): void;
  /** Hard stop: terminate() or SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Everything the runtime needs from outside. */
export interface Environment {
  clock: Clock;
  /** Uniform in [0, 1): jitter only, never identity or secrets. */
  random(): number;
  spawnThread(entry: URL, options: HostOptions): Host;
  forkProcess(entry: URL, options: HostOptions): Host;
}
