import type { SqliteDatabase } from './open-database.ts';
import { globMatcher } from './path-glob.ts';

const MATCHER_CACHE_COUNT = 32;

/** The functions that conditions of filters use. */
export function addFunctions(database: SqliteDatabase): void {
  database.function('contains_folded', { deterministic: true }, (text, needle) =>
    String(text).toLowerCase().includes(String(needle)) ? 1 : 0,
  );
  const matchers = new Map<string, (path: string) => boolean>();
  database.function('matches_glob', { deterministic: true }, (pattern, path) => {
    if (path === null) return 0;
    const key = String(pattern);
    let matches = matchers.get(key);
    if (!matches) {
      if (matchers.size >= MATCHER_CACHE_COUNT) matchers.clear();
      matches = globMatcher(key);
      matchers.set(key, matches);
    }
    return matches(Buffer.isBuffer(path) ? path.toString('utf8') : String(path)) ? 1 : 0;
  });
}
