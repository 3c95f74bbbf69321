import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';

export type Written = 'written' | 'replaced' | 'unchanged';

/** The file as it was, beside its successor. */
export const beforeName = (path: string) => `${path}.before`;

/**
 * Puts a configuration in its place, in full or not at all. One that is there is replaced only when that is wanted,
 * and kept beside it. Throws CODI_CONFIG_EXISTS.
 */
export async function writeConfig(
  path: string,
  text: string,
  { mayReplace, pid }: { mayReplace: boolean; pid: number },
): Promise<Written> {
  const before = await readText(path);
  if (before === text) return 'unchanged';
  if (before !== undefined && !mayReplace) throw new CodiError('CODI_CONFIG_EXISTS', { path });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.new-${pid}`;
  try {
    const handle = await open(unfinished, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (before === undefined) {
      await linkNew(unfinished, path);
      return 'written';
    }
    await rename(path, beforeName(path));
    await rename(unfinished, path);
    return 'replaced';
  } finally {
    await rm(unfinished, { force: true });
  }
}

export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CodiError('CODI_CONFIG', { reason: (error as Error).message }, { cause: error });
  }
}

/** Somebody may have written one meanwhile. */
async function linkNew(from: string, path: string): Promise<void> {
  try {
    await link(from, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CodiError('CODI_CONFIG_EXISTS', { path }, { cause: error });
  }
}
