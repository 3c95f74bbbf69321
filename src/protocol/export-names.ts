import picomatch from 'picomatch';
import { showBytePath, type BytePath } from './byte-path.ts';

/** What a captured file is: something an agent has exported, or a transcript that an agent goes on writing. */
export const EXPORT_KINDS = ['export', 'transcript'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

/** A folder of transcripts: absolute, and the globs its files match, by name or by path from the folder. */
export interface TranscriptFolder {
  readonly path: BytePath;
  readonly patterns: readonly string[];
}

/** Which files are captured. */
export interface ExportRules {
  /** Globs: without a slash they match the name, with one the path relative to the watched root. */
  readonly patterns: readonly string[];
  readonly transcripts: readonly TranscriptFolder[];
}

/** A file on its way to where it is moved to or deleted: captured already, and nobody else's. */
const MOVING_NAME = /^\.codi-[0-9a-f]{12}-\d+\.moving$/;
const CHECKSUM_CHARACTERS = 12;

/** The same for the same file, so that a move that was interrupted is recognised. */
export function movingName({ checksum, ino }: { checksum: string; ino: bigint }): string {
  return `.codi-${checksum.slice(0, CHECKSUM_CHARACTERS)}-${ino}.moving`;
}

const GLOB_OPTIONS = { dot: true, flags: 's' };

/** Stand for digits in a pattern: `YYYY-MM-DD-HHMMSS-*.txt` is a date and a time of day. */
const DATE_WORDS: readonly [RegExp, string][] = [
  [/YYYY-MM-DD/g, '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'],
  [/HHMMSS/g, '[0-2][0-9][0-5][0-9][0-5][0-9]'],
];

/** Tells by its name whether a file is an export. */
export class ExportNames {
  readonly #matchers: ((path: string, name: string) => boolean)[];

  constructor(patterns: readonly string[]) {
    this.#matchers = patterns.map(matcherOf);
  }

  get isEmpty(): boolean {
    return this.#matchers.length === 0;
  }

  /** `path` is relative to the root, `name` its last part. */
  matches(path: BytePath, name: string): boolean {
    if (this.#matchers.length === 0) return false;
    const shownPath = showBytePath(path).path;
    const shownName = showBytePath(name as BytePath).path;
    return this.#matchers.some((matches) => matches(shownPath, shownName));
  }
}

/** Decides of every file of every root what it is captured as. */
export class ExportSelector {
  readonly #names: ExportNames;
  readonly #transcripts: { prefix: string; names: ExportNames }[];

  constructor({ patterns, transcripts }: ExportRules) {
    this.#names = new ExportNames(patterns);
    this.#transcripts = transcripts.map(({ path, patterns: globs }) => ({
      prefix: path === '/' ? path : `${path}/`,
      names: new ExportNames(globs),
    }));
  }

  /** `root` is absolute, `path` relative to it; undefined: it is nothing that is captured. */
  kindOf(root: BytePath, path: BytePath): ExportKind | undefined {
    // A root that is a single file has an empty path.
    const whole = path === '' ? root : absolutePath(root, path);
    const name = whole.slice(whole.lastIndexOf('/') + 1);
    if (MOVING_NAME.test(name)) return undefined;
    for (const { prefix, names } of this.#transcripts)
      if (whole.startsWith(prefix) && names.matches(whole.slice(prefix.length) as BytePath, name))
        return 'transcript';
    return this.#names.matches(path === '' ? (name as BytePath) : path, name)
      ? 'export'
      : undefined;
  }
}

/** Where a path of a root is on the disk. */
export function absolutePath(root: BytePath, path: BytePath): BytePath {
  if (path === '') return root;
  return (root === '/' ? `/${path}` : `${root}/${path}`) as BytePath;
}

function matcherOf(pattern: string): (path: string, name: string) => boolean {
  const glob = DATE_WORDS.reduce((text, [word, digits]) => text.replaceAll(word, digits), pattern);
  const isMatch = picomatch(glob.replace(/^\/+/, ''), { ...GLOB_OPTIONS, nonegate: true });
  return glob.includes('/') ? (path) => isMatch(path) : (_path, name) => isMatch(name);
}
