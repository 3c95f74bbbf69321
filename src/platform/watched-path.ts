import { lstatSync, realpathSync, statSync } from 'node:fs';
import { bytePathFromBuffer, fsPath, showBytePath, type BytePath } from '../protocol/byte-path.ts';
import { CodiError } from '../protocol/errors.ts';

interface Identity {
  dev: bigint;
  ino: bigint;
}

/** The real path of something that can be watched. The data directory, and what lies in it, cannot. */
export function resolveWatchedPath(path: BytePath, dataDir: Identity): BytePath {
  const { path: shown } = showBytePath(path);
  if (!path.startsWith('/'))
    throw new CodiError('CODI_PATH_INVALID', { path: shown, reason: 'it is not absolute' });
  let real: BytePath;
  try {
    real = bytePathFromBuffer(realpathSync(fsPath(path), { encoding: 'buffer' }));
    const stat = statSync(fsPath(real));
    if (!stat.isDirectory() && !stat.isFile()) throw new Error('it is neither directory nor file');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file or directory' : message;
    throw new CodiError('CODI_PATH_INVALID', { path: shown, reason });
  }
  for (let at = real; ; at = parentOf(at)) {
    const { dev, ino } = lstatSync(fsPath(at), { bigint: true });
    if (dev === dataDir.dev && ino === dataDir.ino)
      throw new CodiError('CODI_PATH_DENIED', { path: shown });
    if (at === '/') return real;
  }
}

function parentOf(path: BytePath): BytePath {
  const slash = path.lastIndexOf('/');
  return (slash <= 0 ? '/' : path.slice(0, slash)) as BytePath;
}
