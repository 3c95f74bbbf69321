import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { bundle } from './bundle.mjs';
import { runCommand } from './run-command.mjs';

/** Files of `bin` in package.json: the compiler does not make them executable. */
const PROGRAMS = ['cli/entry.js', 'monitor.js'];

/**
 * Compiles src to dist, removes what has no source any more, so that a renamed file does not live on in its
 * compiled form, and bundles the programs.
 * @param {string} root
 * @param {{ isBundled?: boolean, onStart?: (pid: number) => void }} [options]
 */
export async function build(root, { isBundled = true, onStart = () => {} } = {}) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = await runCommand(process.execPath, [compiler, '-p', 'tsconfig.json'], {
    cwd: root,
    onStart,
  });
  removeOrphans(root);
  if (result.code !== 0) return result;
  try {
    if (isBundled) await bundle(root);
  } catch (error) {
    return {
      code: 1,
      output: `${result.output}${error instanceof Error ? error.message : error}\n`,
    };
  }
  for (const program of PROGRAMS) {
    const path = join(root, 'dist', program);
    if (existsSync(path)) chmodSync(path, 0o755);
  }
  return result;
}

/** @param {string} root */
function removeOrphans(root) {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const stem = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(name)?.[1];
    if (stem === undefined) continue;
    const hasSource = ['.ts', '.tsx'].some((end) => existsSync(join(root, 'src', stem + end)));
    if (!hasSource) rmSync(join(dist, name), { force: true });
  }
}
