import ignore from 'ignore';

export type Verdict = 'ignored' | 'takenBack' | undefined;

export type ParsedGitignore =
  | { readonly rules: GitignoreRules; readonly problem?: undefined }
  | { readonly rules?: undefined; readonly problem: string };

const PATTERN_LIMIT = 1_000;
const LINE_LIMIT = 1_024;
/** Patterns are regular expressions in the end; each `**` in one multiplies the ways to try a path. */
const GLOBSTAR_LIMIT = 2;
const COSTLY_PATTERN_LIMIT = 20;
const LEVEL_LIMIT = 32;
const GLOBSTARS = /(?<=^!?|\/)\*{2,}(?=\/)/g;
/** The matcher remembers each path it was asked for, so it is renewed now and then. */
const MATCHER_USES = 1_000;
const CASE_COUNTS = { ignorecase: false };

/** The patterns of one `.gitignore` file; gitignore(5) says what they mean. */
export class GitignoreRules {
  readonly patternCount: number;
  readonly #rules: ignore.Ignore;
  #matcher: ignore.Ignore;
  #uses = 0;

  constructor(rules: ignore.Ignore, patternCount: number) {
    this.patternCount = patternCount;
    this.#rules = rules;
    this.#matcher = rules;
  }

  /**
   * What these patterns say of an entry; `path` is relative to the directory of the file. The directories on the
   * way are taken as not ignored, whatever these patterns say of them: then a deeper file took them back. More
   * than 32 levels below the file they say nothing.
   */
  verdict(path: string, isDirectory: boolean): Verdict {
    if (levelsOf(path) > LEVEL_LIMIT) return undefined;
    const target = isDirectory ? `${path}/` : path;
    const parent = path.slice(0, path.lastIndexOf('/') + 1);
    const matcher = this.#fresh();
    const found =
      parent !== '' && matcher.test(parent).ignored
        ? this.#takingBack(parent).test(target)
        : matcher.test(target);
    if (found.ignored) return 'ignored';
    return found.unignored ? 'takenBack' : undefined;
  }

  #fresh(): ignore.Ignore {
    this.#uses += 1;
    if (this.#uses % MATCHER_USES === 1) this.#matcher = ignore(CASE_COUNTS).add(this.#rules);
    return this.#matcher;
  }

  #takingBack(directory: string): ignore.Ignore {
    const patterns: string[] = [];
    for (let end = directory.indexOf('/'); end >= 0; end = directory.indexOf('/', end + 1))
      patterns.push(`!/${directory.slice(0, end).replace(/[\\*?[\] ]/g, '\\$&')}/`);
    return ignore(CASE_COUNTS).add(this.#rules).add(patterns);
  }
}

/** A file that asks for too much, or cannot be understood, has no rules but a reason. */
export function parseGitignore(content: Buffer): ParsedGitignore {
  const text = content.toString('utf8');
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => /^[^#\r]/.test(line) && line.trim() !== '');
  if (lines.length > PATTERN_LIMIT) return { problem: `has more than ${PATTERN_LIMIT} patterns` };
  if (lines.some((line) => line.length > LINE_LIMIT))
    return { problem: `has a pattern of more than ${LINE_LIMIT} characters` };
  const globstars = lines.map((line) => line.match(GLOBSTARS)?.length ?? 0);
  if (globstars.some((count) => count > GLOBSTAR_LIMIT))
    return { problem: `has a pattern with more than ${GLOBSTAR_LIMIT} times **/` };
  if (globstars.filter((count) => count === GLOBSTAR_LIMIT).length > COSTLY_PATTERN_LIMIT)
    return {
      problem: `has more than ${COSTLY_PATTERN_LIMIT} patterns with ${GLOBSTAR_LIMIT} times **/`,
    };
  const rules = ignore(CASE_COUNTS);
  try {
    for (const line of lines) rules.add(compiled(line));
  } catch {
    return { problem: 'has a pattern that cannot be understood' };
  }
  return { rules: new GitignoreRules(rules, lines.length) };
}

/** One pattern, tried once, so that it fails here or never. The copy lets go of the rest of the file. */
function compiled(line: string): ignore.Ignore {
  const rule = ignore(CASE_COUNTS).add(Buffer.from(line).toString());
  rule.test('a');
  return rule;
}

function levelsOf(path: string): number {
  let count = 1;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) count += 1;
  return count;
}
