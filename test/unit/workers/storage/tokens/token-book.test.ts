import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodiError } from '#codi/protocol/errors.js';
import { TokenBook, type TokenRecord } from '#codi/workers/storage/tokens/token-book.js';

const DAY_MS = 86_400_000;
const NOW = 1_750_000_000_000;
const newBook = (records: TokenRecord[] = []) => new TokenBook(records, randomBytes);
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('A token', () => {
  it('has 256 random bits, and what is kept is their SHA-256', () => {
    const book = newBook();
    const { text, record } = book.create({ name: 'deploy' }, NOW);
    const [, id, secret = ''] = /^codi_([0-9a-f]{12})_([\w-]{43})$/.exec(text) ?? [];
    expect(record).toMatchObject({ id, name: 'deploy', scopes: ['read', 'write'] });
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(record.hash).toEqual(createHash('sha256').update(secret).digest());
    expect(JSON.stringify(book.all())).not.toContain(secret);
  });

  it('is accepted as it is, and no other text is', () => {
    const book = newBook();
    const { text } = book.create({ name: 'deploy' }, NOW);
    expect(book.check(text, NOW)).toMatchObject({ ok: true, record: { name: 'deploy' } });
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        (at, char) => {
          const other = text.slice(0, at) + char + text.slice(at + 1);
          expect(book.check(other, NOW).ok).toBe(other === text);
        },
      ),
    );
    for (const other of ['', `${text} `, text.slice(1), text.toUpperCase(), 'x'.repeat(4096)])
      expect(book.check(other, NOW)).toEqual({ ok: false, reason: 'it is not known' });
  });

  it('of one name does not do for another: id and secret belong together', () => {
    const book = newBook();
    const one = book.create({ name: 'one' }, NOW).text;
    const two = book.create({ name: 'two' }, NOW).text;
    expect(book.check(one.slice(0, 18) + two.slice(18), NOW).ok).toBe(false);
  });

  it('expires to the millisecond, and cannot be made expired', () => {
    const book = newBook();
    const { text } = book.create({ name: 'brief', expiresMs: NOW + 10 }, NOW);
    expect(book.check(text, NOW + 9).ok).toBe(true);
    expect(book.check(text, NOW + 10)).toEqual({
      ok: false,
      reason: `it expired at ${new Date(NOW + 10).toISOString()}`,
    });
    expect(() => book.create({ name: 'late', expiresMs: NOW }, NOW)).toThrow(/expired already/);
  });

  it('is listed for a day after it expired, and then forgotten with the next change', () => {
    const book = newBook();
    book.create({ name: 'brief', expiresMs: NOW + 1 }, NOW);
    book.create({ name: 'next' }, NOW + DAY_MS);
    expect(book.all().map(({ name }) => name)).toEqual(['brief', 'next']);
    book.create({ name: 'third' }, NOW + DAY_MS + 1);
    expect(book.all().map(({ name }) => name)).toEqual(['next', 'third']);
  });

  it('is known by when and whence it was used last, to the minute', () => {
    const book = newBook();
    const { record } = book.create({ name: 'deploy' }, NOW);
    expect(book.use(record.id, '10.0.0.7', NOW)).toBe(true);
    expect(book.use(record.id, '10.0.0.7', NOW + 1)).toBe(false);
    expect(book.use(record.id, '10.0.0.8', NOW + 1)).toBe(true);
    expect(book.all()[0]).toMatchObject({ lastUsedMs: NOW - (NOW % 60_000) });
    expect(book.use('000000000000', '10.0.0.7', NOW)).toBe(false);
  });
});

describe('A name', () => {
  it('is taken while a token of it is valid', () => {
    const book = newBook();
    book.create({ name: 'deploy', expiresMs: NOW + 10 }, NOW);
    expect(() => book.create({ name: 'deploy' }, NOW)).toThrow(code('CODI_TOKEN_EXISTS'));
    book.create({ name: 'deploy' }, NOW + 10);
  });

  it('has two valid tokens while one replaces the other, and never three', () => {
    const book = newBook();
    const first = book.create({ name: 'deploy', scopes: ['admin'] }, NOW);
    const second = book.create({ name: 'deploy', rotates: { overlapMs: 1_000 } }, NOW);
    expect(second.record.scopes).toEqual(['admin']);
    for (const { text } of [first, second]) expect(book.check(text, NOW + 999).ok).toBe(true);
    expect(() => book.create({ name: 'deploy', rotates: { overlapMs: 1 } }, NOW)).toThrow(
      code('CODI_TOKEN_EXISTS'),
    );
    expect([
      book.check(first.text, NOW + 1_000).ok,
      book.check(second.text, NOW + 1_000).ok,
    ]).toEqual([false, true]);
    book.create({ name: 'deploy', rotates: { overlapMs: 1 } }, NOW + 1_000);
  });

  it('that nobody has cannot be replaced; an overlap lengthens no life', () => {
    const book = newBook();
    expect(() => book.create({ name: 'x', rotates: { overlapMs: 1 } }, NOW)).toThrow(
      code('CODI_NOT_FOUND'),
    );
    const { text } = book.create({ name: 'x', expiresMs: NOW + 5 }, NOW);
    book.create({ name: 'x', rotates: { overlapMs: DAY_MS } }, NOW);
    expect(book.check(text, NOW + 5).ok).toBe(false);
  });

  it('is as it was when what was created cannot be stored', () => {
    const book = newBook();
    const first = book.create({ name: 'x' }, NOW);
    const before = book.all();
    const { text, undo } = book.create({ name: 'x', rotates: { overlapMs: 1 } }, NOW);
    undo();
    expect([book.all(), book.check(text, NOW).ok]).toEqual([before, false]);
    expect(book.check(first.text, NOW + DAY_MS).ok).toBe(true);
  });

  it('is revoked with all its tokens, or one of them', () => {
    const book = newBook();
    const first = book.create({ name: 'x' }, NOW);
    const second = book.create({ name: 'x', rotates: { overlapMs: DAY_MS } }, NOW);
    expect(book.revoke('x', first.record.id)).toMatchObject([{ id: first.record.id }]);
    expect(book.check(first.text, NOW)).toEqual({ ok: false, reason: 'it is not known' });
    expect([book.problemOf(first.record.id, NOW), book.check(second.text, NOW).ok]).toEqual([
      'it was revoked',
      true,
    ]);
    expect(() => book.revoke('x', first.record.id)).toThrow(code('CODI_NOT_FOUND'));
    book.revoke('x', undefined);
    expect(() => book.revoke('x', undefined)).toThrow(CodiError);
  });
});

it('There are at most 256 tokens.', () => {
  const book = newBook();
  for (let count = 0; count < 256; count++) book.create({ name: `t${count}` }, NOW);
  expect(() => book.create({ name: 'more' }, NOW)).toThrow(code('CODI_TOKEN_EXISTS'));
});
