import { CodiError } from './errors.ts';

/**
 * The folder a program was started in, read now. It may be gone already, which concerns only what is named relative
 * to it: what this returns then throws CODI_PATH_INVALID.
 */
export function startFolder(cwd: () => string, whenGone?: () => void): () => string {
  try {
    const folder = cwd();
    return () => folder;
  } catch (error) {
    whenGone?.();
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'is gone' : `cannot be used: ${message}`;
    const gone = new CodiError(
      'CODI_PATH_INVALID',
      { path: '.' },
      {
        cause: error,
        message: `the folder this was started in ${reason}`,
        hint: 'go to another one with `cd`, or name paths that begin with /',
      },
    );
    return () => {
      throw gone;
    };
  }
}
