// npm leaves optional packages of other platforms out of the lockfile when the registry at hand does
// not have them, and `npm ci` then refuses the lockfile everywhere. This finds what is missing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {Record<string, { optionalDependencies?: Record<string, string> }>} Packages */

/**
 * Optional dependencies that no entry of the lockfile provides.
 * @param {Packages} packages
 * @returns {string[]}
 */
export function missingEntries(packages) {
  return Object.entries(packages).flatMap(([location, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !isProvided(packages, location, name))
      .map((name) => `${name} (of ${location.replace(/^.*node_modules\//, '')})`),
  );
}

/** Looks up as Node does. @param {Packages} packages @param {string} location @param {string} name */
function isProvided(packages, location, name) {
  for (let at = location; ; at = parentOf(at)) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

/** @param {string} location */
function parentOf(location) {
  const end = location.lastIndexOf('/node_modules/');
  return end < 0 ? '' : location.slice(0, end);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = join(import.meta.dirname, '..', 'package-lock.json');
  const missing = missingEntries(JSON.parse(readFileSync(path, 'utf8')).packages);
  for (const name of missing) process.stdout.write(`not in package-lock.json: ${name}\n`);
  process.exitCode = missing.length === 0 ? 0 : 1;
}
