import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SessionBook } from '#codi/actors/coordination/session-book.js';
import type { BytePath } from '#codi/protocol/byte-path.js';

const TICK_MS = 10;
const SEEN_LATE_MS = 2_000;
const FOLDERS = ['/', '/w', '/w/a', '/w/a/b', '/w/ab', '/v', '/v/a'];
const PATHS = [
  '/',
  '/x',
  '/w',
  '/w/x',
  '/w/a',
  '/w/a/x',
  '/w/a/b/x',
  '/w/a/b',
  '/w/ab/x',
  '/v/a/x',
];

const session = fc.record({
  folders: fc.uniqueArray(fc.constantFrom(...FOLDERS), { minLength: 1, maxLength: 2 }),
  startedMs: fc.nat(10_000),
  lastsMs: fc.option(fc.nat(8_000), { nil: undefined }),
  parent: fc.option(fc.nat(7), { nil: undefined, freq: 2 }),
});
type Session = typeof session extends fc.Arbitrary<infer Value> ? Value : never;

it('A path belongs to who alone was at work in the innermost folder, as a search through all sessions says.', () => {
  const question = fc.tuple(fc.constantFrom(...PATHS), fc.nat(20_000));
  fc.assert(
    fc.property(
      fc.array(session, { maxLength: 8 }),
      fc.array(question, { minLength: 5, maxLength: 20 }),
      (sessions, questions) => {
        const book = bookOf(sessions);
        for (const [path, timeMs] of questions) {
          const found = book.sessionOf({ path: path as BytePath, timeMs });
          expect(found?.id).toBe(naive(sessions, path, timeMs));
        }
      },
    ),
    { numRuns: 3_000 },
  );
});

function bookOf(sessions: Session[]): SessionBook {
  const book = new SessionBook(sessions.length);
  for (const [index, { folders, startedMs, parent }] of sessions.entries())
    book.begin({
      sessionId: `s${index}`,
      folders: folders as BytePath[],
      startedMs,
      parentId: parent === undefined ? undefined : `s${parent}`,
      tenantId: null,
      userId: null,
    });
  for (const [index, { startedMs, lastsMs }] of sessions.entries())
    if (lastsMs !== undefined) book.end(`s${index}`, startedMs + lastsMs);
  return book;
}

/** Looks at every session for every folder. */
function naive(sessions: Session[], path: string, timeMs: number): string | undefined {
  for (const lateMs of [0, SEEN_LATE_MS]) {
    const there = sessions.flatMap((one, index) => {
      const endMs = one.lastsMs === undefined ? Infinity : one.startedMs + one.lastsMs + lateMs;
      if (timeMs < one.startedMs - TICK_MS || timeMs > endMs) return [];
      const around = one.folders.filter((folder) => isInside(path, folder));
      const depth = Math.max(-1, ...around.map((folder) => folder.length));
      return depth < 0 ? [] : [{ index, depth }];
    });
    if (there.length === 0) continue;
    const deepest = Math.max(...there.map(({ depth }) => depth));
    const innermost = there.filter(({ depth }) => depth === deepest).map(({ index }) => index);
    const left = innermost.filter(
      (index) =>
        innermost.length === 1 || !innermost.some((other) => isAncestor(sessions, index, other)),
    );
    return left.length === 1 ? `s${left[0]}` : undefined;
  }
  return undefined;
}

function isInside(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** Whether a session is above another one, however far. */
function isAncestor(sessions: Session[], above: number, below: number): boolean {
  let at = sessions[below]?.parent;
  for (let step = 0; step <= sessions.length && at !== undefined; step++) {
    if (at === above) return true;
    at = sessions[at]?.parent;
  }
  return false;
}
