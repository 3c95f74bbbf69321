import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { Socket } from 'node:net';
import { env as parentEnv, kill } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Host, HostExit, HostOptions } from './environment.ts';

/** What the child wrote to stderr last goes into the error of its exit. */
const STDERR_TAIL_CHARS = 2_000;
/** How long messages may still come in after the exit was seen. */
const LAST_MESSAGES_MS = 1_000;

/**
 * Forks a child process in a session of its own, so that signals of the terminal do not reach it. It has to end
 * by itself when its channel closes ('disconnect'): nobody else does that when the parent dies.
 */
export function forkHost(entry: URL, options: HostOptions): Host {
  const child = fork(fileURLToPath(entry), [], {
    serialization: 'advanced',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...parentEnv, ...options.env },
    execArgv: [...(options.nodeArgs ?? [])],
  });
  const host = new ProcessHost(child);
  if (options.data !== undefined) host.post({ type: 'sys.data', data: options.data });
  return host;
}

class ProcessHost implements Host {
  readonly kind = 'process';
  readonly tag: string;
  readonly id: number | undefined;
  readonly #child: ChildProcess;
  readonly #exitListeners: ((exit: HostExit) => void)[] = [];
  readonly #gone: Promise<void>;
  #stderrTail = '';
  #spawnError: unknown;
  #hasExited = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.id = child.pid;
    this.tag = child.pid === undefined ? 'no process' : `pid ${child.pid}`;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderrTail = `${this.#stderrTail}${text}`.slice(-STDERR_TAIL_CHARS);
    });
    // What the child itself started may hold the pipe open: that must not keep this process alive.
    if (child.stderr instanceof Socket) child.stderr.unref();
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#hasExited = true;
        this.#afterLastMessage(() => {
          resolve();
          this.#notify({ code, signal });
        });
      });
      child.on('error', (error) => {
        // Also a failed send ends here; only a process that never was has no exit of its own.
        this.#spawnError ??= error;
        if (child.pid !== undefined) return;
        resolve();
        this.#notify({ code: null, signal: null });
      });
    });
  }

  post(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as Serializable, () => undefined);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#child.on('message', listener);
  }

  onExit(listener: (exit: HostExit) => void): void {
    this.#exitListeners.push(listener);
  }

  /** Kills its whole session group, so that nothing it started is left. */
  kill(): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined && !this.#hasExited) {
      try {
        kill(-pid, 'SIGKILL');
      } catch {
        this.#child.kill('SIGKILL');
      }
    }
    return this.#gone;
  }

  /** Node may report the exit while messages are still in the channel. */
  #afterLastMessage(done: () => void): void {
    if (!this.#child.connected) {
      done();
      return;
    }
    const timer = setTimeout(done, LAST_MESSAGES_MS);
    this.#child.once('disconnect', () => {
      clearTimeout(timer);
      done();
    });
  }

  #notify(exit: HostExit): void {
    const tail = this.#stderrTail.trim();
    const how = exit.signal === null ? `code ${exit.code}` : `signal ${exit.signal}`;
    const isFailed = exit.code !== 0;
    const said = tail === '' ? '' : `: ${tail}`;
    const error = exit.code === null && exit.signal === null ? this.#spawnError : undefined;
    const cause =
      error ?? (isFailed ? new Error(`${this.tag} ended with ${how}${said}`) : undefined);
    for (const listener of this.#exitListeners.splice(0)) {
      listener(cause === undefined ? exit : { ...exit, error: cause });
    }
  }
}
