import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runCli } from '#codi/cli/program.js';
import type { DaemonPlace } from './daemon.ts';

/** What a run of the CLI printed and how it ended. */
export interface CliRun {
  exitCode: number;
  out: string;
  notes: string;
  /** The lines of `out` as JSON. */
  json(): Record<string, unknown>[];
}

export interface CliSurroundings {
  socketPath?: string;
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
  /** It is a terminal. */
  isAnswering?: boolean;
  homeDir?: string;
  /** Makes stdout and stderr terminals of this width. */
  columns?: number;
  nowMs?: () => number;
  monitorEntry?: string;
  /** Where signals are delivered from: emit 'SIGINT' on it. */
  signals?: EventEmitter;
  onOutput?(text: string): void;
  kill?(pid: number, signal: NodeJS.Signals | 0): void;
}

/** Runs one command line inside this process, with its own streams and environment. */
export async function runInProcess(
  argv: readonly string[],
  around: CliSurroundings = {},
): Promise<CliRun> {
  const stdout = new Collected(around.columns, around.onOutput);
  const stderr = new Collected(around.columns);
  const signals = around.signals ?? new EventEmitter();
  const exitCode = await runCli(argv, {
    stdin: Object.assign(
      Readable.from(around.stdin === undefined ? [] : [Buffer.from(around.stdin)]),
      { isTTY: around.isAnswering === true },
    ),
    stdout,
    stderr,
    env: {
      ...(around.socketPath !== undefined && { CODI_SOCKET: around.socketPath }),
      ...around.env,
    },
    cwd: around.cwd ?? '/desk/here',
    homeDir: around.homeDir ?? '/nowhere/home',
    uid: userInfo().uid,
    userName: 'ana',
    pid: process.pid,
    isInForeground: () => false,
    nowMs: around.nowMs ?? (() => Date.now()),
    execPath: process.execPath,
    nodeVersion: process.versions.node,
    monitorEntry: around.monitorEntry ?? fileURLToPath(new URL('.', import.meta.url)),
    onSignal: (signal, listener) => {
      signals.on(signal, listener);
      return () => void signals.off(signal, listener);
    },
    onExit: () => () => undefined,
    setVariable: () => undefined,
    kill: around.kill ?? (() => undefined),
  });
  const json = () =>
    stdout.text
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { exitCode, out: stdout.text, notes: stderr.text, json };
}

/** A stream that keeps what is written; a terminal when it has columns. */
class Collected extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  readonly #onText: ((text: string) => void) | undefined;

  constructor(columns: number | undefined, onText?: (text: string) => void) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 0;
    this.#onText = onText;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    this.#onText?.(chunk.toString('utf8'));
    done();
  }
}

/** Runs codi on a daemon of its own place, or on another data directory beside it. */
export function runAt(
  { dataDir, socketPath, home }: Pick<DaemonPlace, 'dataDir' | 'socketPath' | 'home'>,
  ...line: string[]
): Promise<CliRun> {
  return runInProcess([...line, '--data-dir', dataDir], { socketPath, cwd: home });
}
