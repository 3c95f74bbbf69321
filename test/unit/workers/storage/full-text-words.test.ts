import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fullTextExpression } from '#codi/workers/storage/full-text-words.js';

let database: Database.Database;

beforeAll(() => {
  database = new Database(':memory:');
  database.exec('CREATE VIRTUAL TABLE t USING fts5(message)');
  const insert = database.prepare('INSERT INTO t (rowid, message) VALUES (?, ?)');
  [
    'deploy to staging',
    'deploy to production',
    'rollback of production',
    'NOT a near miss',
  ].forEach((message, at) => insert.run(at + 1, message));
});

afterAll(() => database.close());

const find = (text: string) =>
  database
    .prepare('SELECT rowid FROM t WHERE t MATCH ? ORDER BY rowid')
    .pluck()
    .all(fullTextExpression(text));

describe('words to look for', () => {
  it.each([
    ['deploy', [1, 2]],
    ['production deploy', [2]],
    ['"to production"', [2]],
    ['"production to"', []],
    ['staging OR rollback', [1, 3]],
    ['deploy production OR staging', [1, 2]],
    ['production -deploy', [3]],
    ['prod*', [2, 3]],
    ['NOT', [4]],
    ['near', [4]],
    ['message:deploy', []],
    ['OR deploy OR', [1, 2]],
    ['"deploy', [1, 2]],
    ['de-ploy', []],
    ['^deploy {', [1, 2]],
  ])('%s', (text, expected) => {
    expect(find(text)).toEqual(expected);
  });

  it.each(['', '   ', '***', '-deploy', '"', 'OR', 'de*', 'x '.repeat(40)])(
    'refuses %j with a reason',
    (text) => {
      expect(() => fullTextExpression(text)).toThrow(/full_text: /);
    },
  );

  it('never make a syntax error, whatever is typed', () => {
    const pieces = fc.constantFrom(
      ...'"*-():^{}+'.split(''),
      ' ',
      'OR',
      'AND',
      'NEAR(',
      'a',
      'ü',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }), (parts) => {
        try {
          find(parts.join(''));
        } catch (error) {
          expect((error as Error).message).toMatch(/full_text: /);
        }
      }),
    );
  });
});
