import picomatch from 'picomatch';
import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import { ExportNames } from '../../protocol/export-names.ts';
import { DEFAULT_IGNORES } from './default-ignores.ts';

export interface FilterOptions {
  readonly patterns: readonly string[];
  readonly ignore: readonly string[];
  readonly useDefaultIgnores: boolean;
  /** Paths of files that codi writes itself. */
  readonly own?: readonly BytePath[];
  /** Names that are recorded whatever is ignored or left out. */
  readonly exports?: { readonly patterns: readonly string[] };
}

interface IgnoreRule {
  readonly isNegated: boolean;
  readonly matches: (path: string, name: string) => boolean;
}

// 's': file names may hold newlines, which `.` in the generated expressions must match too.
const GLOB_OPTIONS = { dot: true, flags: 's' };

/**
 * Decides which entries exist for codi. Globs are picomatch globs on the path relative to the root.
 *
 * Ignore globs: without a slash they match the name at any depth, with one the whole relative path; a leading
 * slash ties a name to the top, a trailing slash is allowed and means nothing more; `!glob` takes back what
 * earlier globs or the defaults ignored, the last match decides. What is ignored is not entered either.
 */
export class EntryFilter {
  readonly hasPatterns: boolean;
  readonly #isDefaultOn: boolean;
  readonly #own: readonly BytePath[];
  readonly #rules: IgnoreRule[];
  readonly #exports: ExportNames;
  readonly #include: ((path: string, name: string) => boolean)[];

  constructor({ patterns, ignore, useDefaultIgnores, exports, own }: FilterOptions) {
    this.#exports = new ExportNames(exports?.patterns ?? []);
    this.hasPatterns = patterns.length > 0;
    this.#isDefaultOn = useDefaultIgnores;
    this.#own = own ?? [];
    this.#rules = ignore.map(ignoreRule);
    this.#include = patterns.map((pattern) => {
      const isMatch = picomatch(pattern, GLOB_OPTIONS);
      return (path, name) => isMatch(path) || isMatch(name);
    });
  }

  isIgnored(path: BytePath, name: string): boolean {
    if (this.#own.length > 0 && this.#isOwn(path)) return true;
    let isIgnored = this.#isDefaultOn && DEFAULT_IGNORES.has(name);
    if (this.#rules.length === 0) return isIgnored;
    const shown = shownNames(path, name);
    for (const rule of this.#rules)
      if (isIgnored === rule.isNegated && rule.matches(shown.path, shown.name))
        isIgnored = !rule.isNegated;
    return isIgnored;
  }

  #isOwn(path: BytePath): boolean {
    return this.#own.some(
      (own) =>
        path === own || (path.startsWith(`${own}.`) && /^\d+$/.test(path.slice(own.length + 1))),
    );
  }

  /** Whether the entry is recorded. Directories are entered all the same. */
  isIncluded(path: BytePath, name: string): boolean {
    if (!this.hasPatterns) return true;
    const shown = shownNames(path, name);
    return (
      this.#include.some((matches) => matches(shown.path, shown.name)) || this.isExport(path, name)
    );
  }

  /** Whether a file of this name is recorded in any case. */
  isExport(path: BytePath, name: string): boolean {
    return this.#exports.matches(path, name);
  }

  /** Whether the path, or a directory above it, is ignored. */
  isIgnoredOnTheWay(path: BytePath): boolean {
    const names = path.split('/');
    return names.some((name, index) =>
      this.isIgnored(names.slice(0, index + 1).join('/') as BytePath, name),
    );
  }
}

function ignoreRule(glob: string): IgnoreRule {
  const isNegated = glob.startsWith('!');
  const bare = (isNegated ? glob.slice(1) : glob).replace(/\/+$/, '');
  const isPath = bare.includes('/');
  const isMatch = picomatch(bare.replace(/^\/+/, ''), { ...GLOB_OPTIONS, nonegate: true });
  return { isNegated, matches: (path, name) => isMatch(isPath ? path : name) };
}

function shownNames(path: BytePath, name: string): { path: string; name: string } {
  return { path: showBytePath(path).path, name: showBytePath(name as BytePath).path };
}
