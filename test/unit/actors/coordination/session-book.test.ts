import { describe, expect, it } from 'vitest';
import { SessionBook, type BookedSession } from '#codi/actors/coordination/session-book.js';
import { foldersOf } from '#codi/actors/coordination/session-folders.js';
import type { BytePath } from '#codi/protocol/byte-path.js';

const MINUTE = 60_000;

function session(sessionId: string, folder: string, more: Partial<BookedSession> = {}) {
  const folders = [folder as BytePath];
  return {
    sessionId,
    folders,
    startedMs: MINUTE,
    parentId: undefined,
    tenantId: null,
    userId: null,
    ...more,
  };
}

/** Who a path belongs to, by the sessions of `begin`. */
function bookOf(...sessions: BookedSession[]) {
  const book = new SessionBook(10);
  for (const one of sessions) book.begin(one);
  const whose = (path: string, timeMs = 2 * MINUTE) =>
    book.sessionOf({ path: path as BytePath, timeMs })?.id;
  return { book, whose };
}

describe('the session of a path', () => {
  it('is that of the innermost folder around it', () => {
    const { whose } = bookOf(session('outer', '/w'), session('inner', '/w/app'));
    expect(whose('/w/readme')).toBe('outer');
    expect(whose('/w/app/a')).toBe('inner');
    expect(whose('/w/app')).toBe('inner');
    expect(whose('/w/application')).toBe('outer');
    expect(whose('/elsewhere')).toBeUndefined();
  });

  it('is nobody where two work in one folder, also when another works around it', () => {
    const { whose, book } = bookOf(session('a', '/w'), session('b', '/w'), session('c', '/'));
    expect(whose('/w/x')).toBeUndefined();
    expect(whose('/x')).toBe('c');
    book.end('b', 3 * MINUTE);
    expect(whose('/w/x')).toBeUndefined();
    expect(whose('/w/x', 4 * MINUTE)).toBe('a');
  });

  it('is the inner one of two when one was started in the other', () => {
    const inner = session('inner', '/w', { parentId: 'middle' });
    const { whose } = bookOf(
      session('outer', '/w'),
      session('middle', '/elsewhere', { parentId: 'outer' }),
      inner,
    );
    expect(whose('/w/x')).toBe('inner');
  });

  it('is nobody when sessions claim to be in each other', () => {
    const { whose } = bookOf(
      session('a', '/w', { parentId: 'b' }),
      session('b', '/w', { parentId: 'a' }),
      session('c', '/v', { parentId: 'c' }),
    );
    expect(whose('/w/x')).toBeUndefined();
    expect(whose('/v/x')).toBe('c');
  });

  it('counts from its start to its end, with what is seen a moment later', () => {
    const { whose, book } = bookOf(session('a', '/w'));
    expect(whose('/w/x', MINUTE - 11)).toBeUndefined();
    expect(whose('/w/x', MINUTE - 9)).toBe('a');
    book.end('a', 2 * MINUTE);
    expect(whose('/w/x', 2 * MINUTE + 1_999)).toBe('a');
    expect(whose('/w/x', 2 * MINUTE + 2_001)).toBeUndefined();
    book.begin(session('b', '/w', { startedMs: 2 * MINUTE + 100 }));
    expect(whose('/w/x', 2 * MINUTE + 200)).toBe('b');
  });

  it('carries whose session it is', () => {
    const { book } = bookOf(session('a', '/w', { tenantId: 't', userId: 'u' }));
    const found = book.sessionOf({ path: '/w/x' as BytePath, timeMs: 2 * MINUTE });
    expect(found).toEqual({ id: 'a', by: 'path', tenantId: 't', userId: 'u' });
  });
});

describe('the book', () => {
  it('forgets the session that ended first when there are too many', () => {
    const book = new SessionBook(2);
    for (const id of ['a', 'b', 'c']) {
      book.begin(session(id, `/${id}`));
      book.end(id, 2 * MINUTE);
    }
    const whose = (path: string) =>
      book.sessionOf({ path: path as BytePath, timeMs: 2 * MINUTE })?.id;
    expect([whose('/a/x'), whose('/b/x'), whose('/c/x')]).toEqual([undefined, 'b', 'c']);
  });

  it('is empty while nobody works in a folder', () => {
    const book = new SessionBook(0);
    expect(book.isEmpty).toBe(true);
    book.begin({ ...session('a', '/w'), folders: [] });
    expect(book.isEmpty).toBe(true);
    book.begin(session('b', '/w'));
    expect(book.isEmpty).toBe(false);
    book.end('b', 2 * MINUTE);
    expect(book.isEmpty).toBe(true);
  });

  it('ends what it never heard of without a word', () => {
    const book = new SessionBook(2);
    book.end('nobody', 1);
    expect(book.isEmpty).toBe(true);
  });
});

describe('the folders of a session', () => {
  it('are the absolute paths under cwd and workspace, without a slash at the end', () => {
    expect(foldersOf({ cwd: '/w/./app//', workspace: '/w/ä' })).toEqual(['/w/app', '/w/Ã¤']);
    expect(foldersOf({ cwd: '/w', workspace: '/w/' })).toEqual(['/w']);
    expect(foldersOf({ cwd: '/' })).toEqual(['/']);
  });

  it('are none where metadata says something else', () => {
    const others = [undefined, null, 'x', 7, [], {}, { cwd: 'w' }, { cwd: 7 }, { cwd: '' }];
    for (const metadata of others) expect(foldersOf(metadata)).toEqual([]);
    expect(foldersOf({ cwd: `/${'x'.repeat(5_000)}` })).toEqual([]);
  });
});
