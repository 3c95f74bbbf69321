/**
 * Numbers that stand for words in rows and in canonical bytes. They are part of the ledger format:
 * a number is never given to another word.
 */

export const EVENTS = [
  'create',
  'update',
  'delete',
  'move',
  'attrib',
  'access',
  'transient',
] as const;
export const KINDS = ['file', 'dir', 'symlink', 'other'] as const;
export const SEEN = ['native', 'poll', 'reconcile', 'hint'] as const;

/** Append-only streams, in the order in which a block hashes them. */
export const STREAMS = {
  logs: 1,
  fileEvents: 2,
  coordination: 3,
  roots: 4,
  acts: 5,
  exports: 6,
} as const;
export type StreamCode = (typeof STREAMS)[keyof typeof STREAMS];

/** Entries of these are few and never leave the tables. */
export const RARE_STREAMS: ReadonlySet<StreamCode> = new Set([
  STREAMS.roots,
  STREAMS.acts,
  STREAMS.exports,
]);

/** The number of a word; a word that is not in the table is a broken invariant. */
export function codeOf<Word extends string>(words: readonly Word[], word: Word): number {
  const code = words.indexOf(word);
  if (code < 0) throw new RangeError(`no code for ${JSON.stringify(word)}`);
  return code;
}

/** The word of a number read from a row. */
export function wordOf<Word extends string>(words: readonly Word[], code: number): Word {
  const word = words[code];
  if (word === undefined) throw new RangeError(`no word for code ${code}`);
  return word;
}
