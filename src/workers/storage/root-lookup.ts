import type { BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import { isBelow, pathFromValue, pathToValue, type PathValue } from './path-value.ts';
import type { ReadConnection } from './read-connection.ts';
import { filterPath, shownPath } from './row-values.ts';

/** A root of the ledger, as rows name it. */
export interface KnownRoot {
  rootId: number;
  path: BytePath;
  shown: { path: string; path_b64?: string };
}

/** A path inside one root; '' is all of it. */
export interface PathInRoot {
  root: KnownRoot;
  path: BytePath;
}

/** All roots the ledger has ever seen, by id. */
export function allRoots(connection: ReadConnection): KnownRoot[] {
  const rows = connection.prepare('SELECT root_id, path FROM roots ORDER BY root_id').all();
  return (rows as { root_id: number; path: PathValue }[]).map(knownRoot);
}

/** The root with this path, or undefined. */
export function findRoot(connection: ReadConnection, path: BytePath): KnownRoot | undefined {
  const row = connection
    .prepare('SELECT root_id, path FROM roots WHERE path = ?')
    .get(pathToValue(path)) as { root_id: number; path: PathValue } | undefined;
  return row && knownRoot(row);
}

/** The roots a filter is about: the one it names, which must be known, or all of them. */
export function rootsOf(connection: ReadConnection, name: string | null | undefined): KnownRoot[] {
  if (name == null) return allRoots(connection);
  const root = findRoot(connection, filterPath(name));
  if (!root) throw new CodiError('CODI_NOT_FOUND', { what: `watched root ${name}` });
  return [root];
}

/** Where a path, absolute or relative to every root, lies in these roots. */
export function placesOf(roots: readonly KnownRoot[], path: BytePath): PathInRoot[] {
  const places: PathInRoot[] = [];
  for (const root of roots) {
    if (!path.startsWith('/')) places.push({ root, path: path === '.' ? ('' as BytePath) : path });
    else if (path === root.path || path === '/' || isBelow(root.path, path))
      places.push({ root, path: '' as BytePath });
    else if (root.path === '/') places.push({ root, path: path.slice(1) as BytePath });
    else if (isBelow(path, root.path))
      places.push({ root, path: path.slice(root.path.length + 1) as BytePath });
  }
  return places;
}

function knownRoot({ root_id: rootId, path }: { root_id: number; path: PathValue }): KnownRoot {
  return { rootId, path: pathFromValue(path), shown: shownPath(path) };
}
