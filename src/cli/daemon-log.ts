import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { CodiError } from '../protocol/errors.ts';

const ROTATE_BYTES = 10 * 1024 * 1024;
const SHOWN_LINES = 5;

/** Where a daemon that the CLI started writes what it says about itself. */
export function daemonLogPath(dataDir: string): string {
  return join(dataDir, 'daemon.log');
}

/** The open log, and where this start's part of it begins. */
export interface DaemonLog {
  path: string;
  fd: number;
  startBytes: number;
  close(): void;
}

/**
 * Opens the log for appending; a large one moves aside first. A file and not a pipe, so that the
 * daemon can go on writing whatever becomes of the command that started it.
 *
 * @throws CodiError CODI_PATH_INVALID
 */
export function openDaemonLog(dataDir: string): DaemonLog {
  const path = daemonLogPath(dataDir);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeBytes > ROTATE_BYTES) renameSync(path, `${path}.1`);
    const fd = openSync(path, 'a', 0o600);
    return { path, fd, startBytes: fstatSync(fd).size, close: () => closeSync(fd) };
  } catch (error) {
    const reason = (error as Error).message;
    throw new CodiError('CODI_PATH_INVALID', { path: dataDir, reason }, { cause: error });
  }
}

/** The last lines that were written since the log was opened. */
export function lastLogLines(log: DaemonLog): string[] {
  try {
    const text = readFileSync(log.path).subarray(log.startBytes).toString('utf8');
    return text.trim().split('\n').slice(-SHOWN_LINES);
  } catch {
    return [];
  }
}
