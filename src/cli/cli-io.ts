import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type TerminalStream = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** What the CLI reaches of the process around it. Tests pass their own. */
export interface CliIo {
  stdin: Readable & { isTTY?: boolean };
  stdout: TerminalStream;
  stderr: TerminalStream;
  env: Readonly<Record<string, string | undefined>>;
  /** The absolute current directory. */
  cwd: string;
  homeDir: string;
  /** -1 where the platform has no such number. */
  uid: number;
  userName: string;
  pid: number;
  /** Whether the terminal's own signals, such as those of Ctrl-C, come to this process and those it starts. */
  isInForeground(): boolean;
  nowMs(): number;
  /** The Node that runs this, for starting the daemon with it. */
  execPath: string;
  /** Its version: `22.1.0`. */
  nodeVersion: string;
  /** The compiled entry of codi-monitor. */
  monitorEntry: string;
  /** Listens to a signal of this process; the result stops listening. */
  onSignal(signal: NodeJS.Signals, listener: () => void): () => void;
  /** Calls the listener when the process ends, whatever ends it; the result stops that. */
  onExit(listener: () => void): () => void;
  /** Sets a variable that a library of this process reads when it is loaded. */
  setVariable(name: string, value: string): void;
  /** Sends a signal; throws as `process.kill` does. */
  kill(pid: number, signal: NodeJS.Signals | 0): void;
}

const DEFAULT_COLUMNS = 80;

/** Columns of the terminal, or undefined on a pipe (nothing is shortened there). */
export function terminalColumns(stream: TerminalStream): number | undefined {
  // A terminal that nobody gave a size says 0.
  return stream.isTTY === true ? stream.columns || DEFAULT_COLUMNS : undefined;
}

/** Writes a text and waits while the reader is slow; resolves false when the reader is gone. */
export function writeAll(
  stream: TerminalStream,
  text: string | Uint8Array,
): Promise<NodeJS.ErrnoException | 'closed' | undefined> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve('closed');
  return new Promise((resolve) => stream.write(text, (error) => resolve(error ?? undefined)));
}
