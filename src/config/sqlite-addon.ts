import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { CodiError } from '../protocol/errors.ts';

/** The second is optional. */
const PACKAGES = ['better-sqlite3', 'better-sqlite3-multiple-ciphers'];
const BINARY = 'build/Release/better_sqlite3.node';
/** An addon compiled with config/object-wrap.h, or with older headers, does not name it. */
const HOOK = 'RemoveEnvironmentCleanupHook';

/**
 * Headers of Node 24.19 or newer make an addon remove a hook for each object that is collected, and Node 24 ends its
 * process when that happens outside of a context (nodejs/node#65446): a daemon would be gone at random moments.
 * Names the first such addon; undefined when all are safe, or cannot be read.
 */
export function abortingAddon(nodeVersion: string, read = readBinary): string | undefined {
  if (!nodeVersion.startsWith('24.')) return undefined;
  return PACKAGES.find((name) => read(name)?.includes(HOOK));
}

/** Whoever loads one that cannot be read will say why. */
function readBinary(name: string): Buffer | undefined {
  try {
    return readFileSync(createRequire(import.meta.url).resolve(`${name}/${BINARY}`));
  } catch {
    return undefined;
  }
}

/** Compiles it without the hooks, for an installed codi-monitor; a checkout's own set-up does so by itself. */
export function compileCommand(name: string, headerPath: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const folder = dirname(dirname(dirname(manifest)));
  return `cd '${folder}' && CXXFLAGS='-include ${headerPath}' npm rebuild ${name} --build-from-source`;
}

/** @throws CodiError CODI_SQLITE_ADDON */
export function assertNoAddonAborts(nodeVersion: string): void {
  const name = abortingAddon(nodeVersion);
  if (name !== undefined)
    throw new CodiError('CODI_SQLITE_ADDON', { package: name, node: nodeVersion });
}
