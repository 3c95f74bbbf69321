import { link, lstat, rename } from 'node:fs/promises';

/** Of file systems without second names, and of files that may have none. */
const LINKLESS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a finished file its name, unless something of that name is there: then it is left alone, and the answer is
 * false. The name it had until now is for the caller to remove; it may be gone.
 */
export async function nameNew(finished: string, path: string): Promise<boolean> {
  try {
    await link(finished, path);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!LINKLESS.has(code)) throw error;
  }
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (!isThere) await rename(finished, path);
  return !isThere;
}
