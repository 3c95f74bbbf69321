import { randomUUID } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { performance } from 'node:perf_hooks';

/** A running timer; only its owner looks inside. */
export interface ClientTimer {
  readonly handle: unknown;
}

/** Everything the client takes from outside. Tests pass their own. */
export interface ClientPorts {
  /** Wall clock, Unix milliseconds. */
  nowMs(): number;
  /** Monotonic milliseconds. */
  monotonicMs(): number;
  setTimeout(callback: () => void, delayMs: number): ClientTimer;
  clearTimeout(timer: ClientTimer): void;
  /** Runs the callback in the next macro-task. */
  setImmediate(callback: () => void): void;
  /** Uniform in [0, 1). */
  random(): number;
  /** A new random UUID. */
  newId(): string;
  /** Starts a connection to a Unix socket. */
  dial(socketPath: string): Socket;
  /** Who owns the socket file; throws as `lstat` does. */
  inspect(socketPath: string): Promise<{ uid: number; isSocket: boolean }>;
  /** The user this process runs as; -1 where the platform has no such number. */
  ownUid(): number;
}

/** The real ports. */
export function nodeClientPorts(): ClientPorts {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimeout: (callback, delayMs) => ({ handle: setTimeout(callback, delayMs) }),
    clearTimeout: (timer) => clearTimeout(timer.handle as NodeJS.Timeout),
    setImmediate: (callback) => void setImmediate(callback),
    random: () => Math.random(),
    newId: () => randomUUID(),
    dial: (socketPath) => connect({ path: socketPath }),
    inspect: async (socketPath) => {
      const stat = await lstat(socketPath);
      return { uid: stat.uid, isSocket: stat.isSocket() };
    },
    ownUid: () => userInfo().uid,
  };
}
