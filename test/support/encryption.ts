import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { skipUnless } from './skip.ts';

export const KEY = 'first-key-of-a-store-0123456789abcdef';
export const OTHER_KEY = 'other-key-of-a-store-0123456789abcdef';

/** Whether the optional package with the cipher is there. */
const hasCiphers = ((): boolean => {
  try {
    return existsSync(
      createRequire(import.meta.url).resolve('better-sqlite3-multiple-ciphers/package.json'),
    );
  } catch {
    return false;
  }
})();

/** A test that is skipped, and said to be, where the optional package is not installed. */
export const withCiphers = skipUnless(
  hasCiphers,
  'better-sqlite3-multiple-ciphers is not installed; `npm run ciphers` does it',
  { requiredOnCi: true },
);

/** Every file below a directory with all its bytes. */
export function allBytes(dir: string): { name: string; bytes: Buffer }[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(dir, path), bytes: readFileSync(path) }));
}

/** Names of the files in which one of the texts stands. */
export function filesWith(dir: string, texts: readonly string[]): string[] {
  return allBytes(dir)
    .filter(({ bytes }) => texts.some((text) => bytes.includes(text)))
    .map(({ name }) => name);
}

/** Changes with every byte of every file; the lock's own file is whoever's who looks. */
export function fingerprint(dir: string): Record<string, string> {
  return Object.fromEntries(
    allBytes(dir)
      .filter(({ name }) => !name.startsWith('lock.db'))
      .map(({ name, bytes }) => [name, createHash('sha256').update(bytes).digest('hex')]),
  );
}
