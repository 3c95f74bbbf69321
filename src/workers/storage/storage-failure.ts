import { isCodiError, type ErrorCode } from '../../protocol/errors.ts';

/** What a failed statement means for its writer. */
export type StorageFailure =
  /** Nothing of the transaction was taken; the same may succeed later. */
  | {
      kind: 'refused';
      code: ErrorCode;
      retryMs: number;
      message: string;
      /** This connection will not write again, another one may: the writer ends once it has answered. */
      mustReopen?: true;
    }
  /** The writer must end: what the disk holds is only known again after reopening. */
  | { kind: 'fatal'; code: ErrorCode; message: string };

/** Where policy makes room it has so within a part of a second; where it must not, a try costs little. */
const DISK_FULL_RETRY_MS = 250;
const HELD_RETRY_MS = 100;
const BUSY_RETRY_MS = 100;
const READ_ONLY_RETRY_MS = 1_000;

/** A writer that is held has not tried. */
export const HELD: StorageFailure = {
  kind: 'refused',
  code: 'CODI_DISK_FULL',
  retryMs: HELD_RETRY_MS,
  message: 'room is being made',
};

export function isDiskFull(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'SQLITE_FULL';
}

/**
 * Judges an error of SQLite. After a failed fsync the pages count as clean although they are not on the
 * disk, so a second try would lie: I/O errors are fatal (Rebello et al., "Can Applications Recover from
 * fsync Failures?", ATC 2020).
 */
export function judgeFailure(error: unknown): StorageFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (isCodiError(error)) return { kind: 'fatal', code: error.code, message };
  const found = (error as { code?: unknown } | null)?.code;
  const sqlite = typeof found === 'string' ? found : '';
  if (isDiskFull(error))
    return { kind: 'refused', code: 'CODI_DISK_FULL', retryMs: DISK_FULL_RETRY_MS, message };
  if (isPrimary(sqlite, 'SQLITE_BUSY') || isPrimary(sqlite, 'SQLITE_LOCKED')) {
    return {
      kind: 'refused',
      code: 'CODI_STORAGE_UNAVAILABLE',
      retryMs: BUSY_RETRY_MS,
      message,
    };
  }
  if (isPrimary(sqlite, 'SQLITE_READONLY')) {
    return {
      kind: 'refused',
      code: 'CODI_STORAGE_UNAVAILABLE',
      retryMs: READ_ONLY_RETRY_MS,
      message,
      mustReopen: true,
    };
  }
  if (isPrimary(sqlite, 'SQLITE_CORRUPT') || isPrimary(sqlite, 'SQLITE_NOTADB'))
    return { kind: 'fatal', code: 'CODI_STORE_CORRUPT', message: `${sqlite}: ${message}` };
  if (sqlite.startsWith('SQLITE_'))
    return { kind: 'fatal', code: 'CODI_STORAGE_UNAVAILABLE', message: `${sqlite}: ${message}` };
  return { kind: 'fatal', code: 'CODI_INTERNAL', message };
}

function isPrimary(code: string, primary: string): boolean {
  return code === primary || code.startsWith(`${primary}_`);
}
