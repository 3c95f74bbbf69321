import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { CodiError } from '../../protocol/errors.ts';
import type { CliIo } from '../cli-io.ts';

export interface ChildRequest {
  command: readonly [string, ...string[]];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Its output comes through pipes, so that it can be read; else it has our own terminal or files. */
  isCaptured: boolean;
}

export interface ChildEnd {
  /** Null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunningChild {
  pid: number;
  /** Only of a captured one. */
  stdout: Readable | null;
  stderr: Readable | null;
  /** When it is over and its output was handed out. */
  ended: Promise<ChildEnd>;
}

/** Passed on to the program; from the terminal it gets the first two itself, as everybody in the foreground does. */
const TERMINAL_SIGNALS = ['SIGINT', 'SIGQUIT'] as const;
const FORWARDED_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
const SIGNAL_EXIT_BASE = 128;

/** Starts the program. Throws CODI_RUN_NOT_FOUND or CODI_RUN_NOT_EXECUTABLE. */
export async function startChild(
  { command: [program, ...args], env, cwd, isCaptured }: ChildRequest,
  io: CliIo,
): Promise<RunningChild> {
  const output = isCaptured ? 'pipe' : 'inherit';
  // Before it runs: a signal may come as soon as it says a word.
  const forwarding = forwardSignals(io, (signal) => void child.kill(signal));
  const child = spawn(program, args, { env, cwd, stdio: ['inherit', output, output] });
  const ended = new Promise<ChildEnd>((resolve) =>
    child.once('close', (code, signal) => {
      forwarding.stop();
      resolve({ code, signal });
    }),
  );
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) => {
      forwarding.stop();
      reject(startFailure(program, error));
    });
  });
  return { pid: child.pid!, stdout: child.stdout, stderr: child.stderr, ended };
}

/** What a shell would say of it: the code, or 128 and the number of the signal. */
export function exitCodeOf({ code, signal }: ChildEnd): number {
  if (signal === null) return code ?? 1;
  return SIGNAL_EXIT_BASE + (constants.signals[signal] ?? 0);
}

function forwardSignals(io: CliIo, pass: (signal: NodeJS.Signals) => void) {
  const stops = [
    ...TERMINAL_SIGNALS.map((signal) =>
      io.onSignal(signal, () => {
        if (!io.isInForeground()) pass(signal);
      }),
    ),
    ...FORWARDED_SIGNALS.map((signal) => io.onSignal(signal, () => pass(signal))),
  ];
  return {
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

function startFailure(program: string, error: NodeJS.ErrnoException): CodiError {
  if (error.code === 'ENOENT')
    return new CodiError('CODI_RUN_NOT_FOUND', { program }, { cause: error });
  const reason = error.code ?? error.message;
  return new CodiError('CODI_RUN_NOT_EXECUTABLE', { program, reason }, { cause: error });
}
