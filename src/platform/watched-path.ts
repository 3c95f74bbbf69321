import { lstatSync, realpathSync, statSync } from 'node:fs';
import { bytePathFromBuffer, fsPath, showBytePath, type BytePath } from '../protocol/byte-path.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';

interface Identity {
  dev: bigint;
  ino: bigint;
}

/** The real path of something that can be watched. The data directory, and what lies in it, cannot. */
export function resolveWatchedPath(path: BytePath, dataDir: Identity): BytePath {
  const { path: shown } = showBytePath(path);
  if (!path.startsWith('/'))
    throw new CodiError('CODI_PATH_INVALID', { path: shown, reason: 'it is not absolute' });
  try {
    // The other one, written in JavaScript, would turn the bytes into text first.
    const real = bytePathFromBuffer(realpathSync.native(fsPath(path), { encoding: 'buffer' }));
    const stat = statSync(fsPath(real));
    if (!stat.isDirectory() && !stat.isFile()) throw new Error('it is neither directory nor file');
    if (isWithin(real, dataDir)) throw new CodiError('CODI_PATH_DENIED', { path: shown });
    return real;
  } catch (error) {
    if (isCodiError(error)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file or directory' : message;
    throw new CodiError('CODI_PATH_INVALID', { path: shown, reason });
  }
}

function isWithin(path: BytePath, directory: Identity): boolean {
  for (let at = path; ; at = parentOf(at)) {
    const { dev, ino } = lstatSync(fsPath(at), { bigint: true });
    if (dev === directory.dev && ino === directory.ino) return true;
    if (at === '/') return false;
  }
}

function parentOf(path: BytePath): BytePath {
  const slash = path.lastIndexOf('/');
  return (slash <= 0 ? '/' : path.slice(0, slash)) as BytePath;
}
