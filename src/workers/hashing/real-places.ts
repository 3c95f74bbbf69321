/** Where a root and the data directory really are, links resolved, as long as one task runs. */
import { lstatSync, readdirSync, realpathSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { bytePathFromUtf8, fsPath, joinBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { Forbidden } from './content-file.ts';

/** The real path of a path in the root, for every path of a task. Throws when the root is not there. */
export function realPaths(root: BytePath): (path: BytePath) => BytePath {
  const real = realOf(root);
  return (path) => (path === '' ? real : joinBytePath(real, path));
}

/**
 * The data directory: what lies in it, and its own files under any other name. Opening and closing a database drops the
 * locks that SQLite holds on it in this process.
 */
export function forbiddenFiles(dataDir: string): Forbidden {
  const real = realOf(bytePathFromUtf8(dataDir));
  const own = new Set<string>();
  for (const name of readdirSync(dataDir)) {
    const found = lstatSync(join(dataDir, name), { bigint: true, throwIfNoEntry: false });
    if (found?.isFile()) own.add(keyOf(found));
  }
  return {
    holds: (found) => own.has(keyOf(found)),
    covers: (path) => path === real || path.startsWith(`${real}/`),
  };
}

function realOf(path: BytePath): BytePath {
  return realpathSync(fsPath(path), { encoding: 'buffer' }).toString('latin1') as BytePath;
}

function keyOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
