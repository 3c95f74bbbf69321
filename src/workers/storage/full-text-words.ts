import { CodiError } from '../../protocol/errors.ts';

const TERMS_MAX = 32;
/** Shorter beginnings would gather a large part of all words. */
const PREFIX_MIN = 3;
const TERM = /(-?)(?:"([^"]*)"?|(\S+))/g;
/** What the index takes as part of a word (sqlite.org/fts5.html, section 4.3.1). */
const WORD_CHARACTER = /[\p{L}\p{N}\p{Co}]/u;

/**
 * What people type as an FTS5 expression: all of the words, in any order; "a phrase"; `OR` between two; `-without`;
 * a beginning with `*`. Everything is quoted, so that nothing in it is syntax.
 *
 * @throws CodiError CODI_MESSAGE_INVALID
 */
export function fullTextExpression(text: string): string {
  const wanted: string[][] = [];
  const unwanted: string[] = [];
  let isOr = false;
  let terms = 0;
  for (const [, minus, phrase, word] of text.replaceAll('\0', ' ').matchAll(TERM)) {
    if (word === 'OR' && !minus) {
      isOr = wanted.length > 0;
      continue;
    }
    const term = termOf(phrase, word);
    if (term === undefined) continue;
    if (++terms > TERMS_MAX) throw invalid(`more than ${TERMS_MAX} words`);
    if (minus) unwanted.push(term);
    else if (isOr) wanted.at(-1)!.push(term);
    else wanted.push([term]);
    isOr = false;
  }
  if (wanted.length === 0) throw invalid('no word to look for');
  const all = wanted.map((any) => `(${any.join(' OR ')})`).join(' AND ');
  return unwanted.length === 0 ? all : `(${all}) NOT (${unwanted.join(' OR ')})`;
}

function termOf(phrase: string | undefined, word: string | undefined): string | undefined {
  const isPrefix = word?.endsWith('*') === true;
  const text = (phrase ?? word ?? '').replaceAll('"', ' ');
  if (!WORD_CHARACTER.test(text)) return undefined;
  if (!isPrefix) return `"${text}"`;
  const beginning = text.replace(/\*+$/, '');
  if ([...beginning].length < PREFIX_MIN)
    throw invalid(`'${word}': before the * there must be at least ${PREFIX_MIN} characters`);
  return `"${beginning}" *`;
}

function invalid(what: string): CodiError {
  return new CodiError('CODI_MESSAGE_INVALID', { reason: `full_text: ${what}` });
}
