import type { DebugClient } from '../client/debug-client.ts';
import type { TreeNodeView } from '../protocol/debug/tree-views.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import { nearest } from './nearest.ts';

/** Every path of a tree, parents before children. */
export function allPaths(node: TreeNodeView): string[] {
  return [node.path, ...node.children.flatMap(allPaths)];
}

/** Runs with an actor's path; when there is no such actor, the error says which one may be meant. */
export async function withActor<T>(
  debug: DebugClient,
  path: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  try {
    return await use(path);
  } catch (error) {
    if (!isCodiError(error) || error.code !== 'CODI_ACTOR_NOT_FOUND') throw error;
    const tree = await debug.tree().catch(() => undefined);
    throw tree ? unknownActor(path, allPaths(tree)) : error;
  }
}

/** People also give only the last part of a path. */
function unknownActor(path: string, paths: readonly string[]): CodiError {
  const like = paths.find((known) => known.endsWith(`/${path}`)) ?? nearest(path, paths);
  const hint = like === undefined ? 'see `codi tree`' : `did you mean ${like}? see \`codi tree\``;
  return new CodiError('CODI_ACTOR_NOT_FOUND', { path }, { hint });
}
