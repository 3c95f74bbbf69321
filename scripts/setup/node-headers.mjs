import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What lets node-gyp use the headers that came with this Node instead of fetching them; nothing when there are
 * none, or when the user's own setting should stand.
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {string} nodePath of the running Node, without links
 * @returns {Record<string, string>}
 */
export function headerVariables(env, nodePath) {
  if (env['npm_config_nodedir'] !== undefined) return {};
  const prefix = dirname(dirname(nodePath));
  if (!existsSync(join(prefix, 'include', 'node', 'node.h'))) return {};
  return { npm_config_nodedir: prefix };
}
