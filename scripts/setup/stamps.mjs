// Stamps say what a finished step was made from. They are written last, so a step that was broken
// off leaves none and is done again.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @param {string} path */
export function readStamp(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {string} content */
export function writeStamp(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const next = `${path}.${process.pid}`;
  writeFileSync(next, content);
  renameSync(next, path);
}

/** @param {string} path */
export function removeStamp(path) {
  rmSync(path, { force: true });
}

/** What the installed dependencies depend on. @param {string} root */
export function dependencyKey(root) {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(root, 'package-lock.json')));
  hash.update(`${process.version} ${process.platform} ${process.arch}`);
  return hash.digest('hex');
}

/** What the compiled code depends on. @param {string} root @param {boolean} isBundled */
export function buildKey(root, isBundled) {
  const hash = createHash('sha256');
  hash.update(isBundled ? readFileSync(new URL('bundle.mjs', import.meta.url)) : 'not bundled');
  for (const path of sourceFiles(root)) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`);
    hash.update(content);
  }
  return hash.digest('hex');
}

/** Paths from the root, sorted. @param {string} root */
export function sourceFiles(root) {
  const inSource = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  return ['tsconfig.json', ...inSource];
}
