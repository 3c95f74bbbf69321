import { copyFile, mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import { nameNew } from '../new-file.ts';

export type Written = 'written' | 'replaced' | 'unchanged';

/** The file as it was, beside its successor. */
export const beforeName = (path: string) => `${path}.before`;

/**
 * Puts a configuration in its place, in full or not at all. One that is there is replaced only when that is wanted,
 * and a copy of it is kept beside it: at every moment there is the one or the other. Where it is a link, what it leads
 * to is replaced. Throws CODI_CONFIG_EXISTS.
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
  const target = await realpath(path).catch(() => path);
  const unfinished = `${target}.new-${pid}`;
  try {
    const handle = await open(unfinished, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (before === undefined) {
      // Somebody may have written one meanwhile.
      if (!(await nameNew(unfinished, target))) throw new CodiError('CODI_CONFIG_EXISTS', { path });
      return 'written';
    }
    await keepCopy(target, { as: beforeName(path), pid });
    await rename(unfinished, target);
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

async function keepCopy(path: string, { as, pid }: { as: string; pid: number }): Promise<void> {
  const copy = `${as}.new-${pid}`;
  try {
    await copyFile(path, copy);
    await rename(copy, as);
  } finally {
    await rm(copy, { force: true });
  }
}
