import { randomUUID } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { connect, type OnReadOpts, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectTls } from 'node:tls';
import { homeFolder } from '../protocol/home-folder.ts';
import { startFolder } from '../protocol/start-folder.ts';
import type { Machine } from '../protocol/places.ts';
import type { SpoolFiles } from './spool/spool-files.ts';
import type { TcpTarget } from './targets.ts';

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
  /** Starts a connection to a Unix socket. What comes goes to `onread` where that is given, else to 'data'. */
  dial(socketPath: string, onread?: OnReadOpts): Socket;
  /** The same over TCP, or TLS where the target says so. */
  dialTcp(target: TcpTarget, onread?: OnReadOpts): Socket;
  /** Who owns the socket file; throws as `lstat` does. */
  inspect(socketPath: string): Promise<{ uid: number; isSocket: boolean }>;
  /** The user this process runs as; -1 where the platform has no such number. */
  ownUid(): number;
  /** The disk under a spool; the real one when absent. */
  spoolFiles?: SpoolFiles;
  /** Where this program runs, for the default places. */
  machine(): Machine;
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
    dial: (socketPath, onread) => connect({ path: socketPath, ...reading(onread) }),
    inspect: async (socketPath) => {
      const stat = await lstat(socketPath);
      return { uid: stat.uid, isSocket: stat.isSocket() };
    },
    dialTcp: ({ host, port, tls }, onread) =>
      tls === false
        ? connect({ host, port, ...reading(onread) })
        : connectTls({ host, port, ...tls, ...reading(onread) }),
    ownUid: () => ownUid(),
    machine: () => {
      const folder = startFolder(() => process.cwd());
      return {
        home: homeFolder(),
        uid: ownUid(),
        get cwd() {
          return folder();
        },
        env: process.env,
      };
    },
  };
}

/** A user need not be in the list of users, where os.userInfo() looks and fails. */
function ownUid(): number {
  return process.geteuid?.() ?? -1;
}

function reading(onread: OnReadOpts | undefined) {
  return onread && { onread };
}
