import { beforeAll, describe, expect, it } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import { listContent } from '#codi/workers/storage/list-content.js';
import { listDuplicates } from '#codi/workers/storage/list-duplicates.js';
import { queryHistory } from '#codi/workers/storage/query-history.js';
import { ReadConnection } from '#codi/workers/storage/read-connection.js';
import { sha256 } from '../support/contents.ts';
import { fileEvent, openLedger, stat } from '../support/ledger-store.ts';

const ROOT = '/r' as BytePath;
const INNER = '/r/in' as BytePath;
const FILES = 900;
const SIZE = 100;

let ledger: ReturnType<typeof openLedger>;
/** Every page is cut as early as it may be. */
let hurried: ReadConnection;

beforeAll(() => {
  ledger = openLedger();
  const open = { type: 'openRoot', batch: 0 } as const;
  ledger.store.commit(
    [
      { ...open, rootPath: ROOT },
      { ...open, rootPath: INNER },
    ],
    1_000,
  );
  const sequences = [0, 0, 0];
  const record = (rootId: number, events: ReturnType<typeof fileEvent>[]) => {
    const rootPath = rootId === 1 ? ROOT : INNER;
    const sequence = (sequences[rootId]! += 1);
    const batch = { type: 'fileEvents', batch: 1, rootId, rootPath, sequence, events } as const;
    ledger.store.commit([batch], 2_000);
  };
  // One of three files has the content of one of ten, one of nine none that is known.
  const files = Array.from({ length: FILES }, (_, n) =>
    created(`f/${String(n).padStart(4, '0')}`, n, n % 9 === 1 ? undefined : contentOf(n)),
  );
  record(1, files);
  const seenTwice = created('0003', 3, contentOf(3));
  record(2, [seenTwice, created('0004', FILES + 1, contentOf(3))]);
  const from = (path: string) => ({ from: path as BytePath, kind: 'dir' as const });
  record(1, [fileEvent('move', 'g', from('f'))]);
  record(1, [fileEvent('update', 'g/0003')]);
  record(1, [fileEvent('move', 'h', from('g'))]);
  hurried = new ReadConnection('ledger', { dataDir: ledger.dataDir, budgetMs: 0 });
  return () => {
    hurried.close();
    ledger.close();
  };
});

const contentOf = (n: number) => (n % 3 === 0 ? `shared ${n % 10}` : `own ${n}`);
function created(path: string, n: number, content: string | undefined) {
  const checksum = content === undefined ? {} : { checksum: Buffer.from(sha256(content), 'hex') };
  return fileEvent('create', path, { stat: stat({ ino: BigInt(n + 1), size: SIZE }), ...checksum });
}

/** All pages of a question. */
function pagesOf<Page extends { next?: string }>(ask: (cursor?: string) => Page): Page[] {
  const pages = [ask()];
  while (pages.at(-1)!.next !== undefined) pages.push(ask(pages.at(-1)!.next));
  return pages;
}

describe('files of equal content', () => {
  const duplicates = (filter: object) =>
    pagesOf((cursor) => listDuplicates(hurried, { limit: 3, cursor, ...filter }));

  it('are found page by page, each group once, and those without a checksum are counted', () => {
    const pages = duplicates({ root: ROOT });
    const groups = pages.flatMap(({ rows }) => rows);
    expect(pages.length).toBeGreaterThan(10);
    expect(groups.map(({ checksum }) => checksum)).toEqual(
      Array.from({ length: 10 }, (_, n) => sha256(`shared ${n}`)).toSorted(),
    );
    // The update has left a file without a known content.
    expect(groups.find(({ checksum }) => checksum === sha256('shared 3'))!.copies).toBe(29);
    expect(groups.reduce((sum, { copies }) => sum + copies, 0)).toBe(FILES / 3 - 1);
    for (const { size, copies, wasted_bytes: wasted } of groups)
      expect([size, wasted]).toEqual([SIZE, SIZE * (copies - 1)]);
    const sum = (name: 'withChecksum' | 'withoutChecksum') =>
      pages.reduce((all, page) => all + page[name], 0);
    expect([sum('withChecksum'), sum('withoutChecksum')]).toEqual([799, 101]);
  });

  it('are one copy when they are one inode, also in two roots', () => {
    const shared3 = (filter: object) =>
      duplicates(filter)
        .flatMap(({ rows }) => rows)
        .find(({ checksum }) => checksum === sha256('shared 3'));
    expect(shared3({ roots: [ROOT, INNER] })).toMatchObject({ copies: 31, names: 31 });
    expect(shared3({ roots: [INNER] })).toMatchObject({ copies: 2, names: 2 });
    expect(shared3({ root: ROOT, min_size: SIZE + 1 })).toBeUndefined();
    expect(shared3({ root: ROOT, min_wasted: SIZE * 29 })).toBeUndefined();
  });

  it('are listed by their checksum, page by page', () => {
    const list = (filter: object) =>
      pagesOf((cursor) =>
        listContent(hurried, { limit: 4, cursor, checksum: sha256('shared 3'), ...filter }),
      ).flatMap(({ rows }) => rows.map(({ root, path }) => `${root} ${path}`));
    const all = list({});
    expect(all).toHaveLength(31);
    expect(new Set(all).size).toBe(31);
    expect(all.slice(-2)).toEqual(['/r/in 0003', '/r/in 0004']);
    expect(list({ root: ROOT, prefix: 'h/0033' })).toEqual(['/r h/0033']);
    expect(list({ roots: [INNER] })).toEqual(['/r/in 0003', '/r/in 0004']);
  });
});

describe('the history of a path', () => {
  const history = (more: object) =>
    pagesOf((cursor) => queryHistory(hurried, { limit: 1, cursor, path: '/r/h/0003', ...more }));
  const shown = (pages: ReturnType<typeof history>) =>
    pages.flatMap(({ rows }) =>
      rows.map(({ event, from, path }) => `${event} ${from ?? ''} ${path}`),
    );
  const LIVED = ['move g h', 'update  g/0003', 'move f g', 'create  f/0003'];

  it('goes on over pages with the name that the path had then', () => {
    const pages = history({});
    expect(shown(pages)).toEqual(LIVED);
    expect(pages.at(-1)).toMatchObject({ root: '/r', otherRoots: [], head: FILES + 5, downTo: 0 });
    for (const [at, { downTo }] of pages.entries())
      expect(downTo).toBeLessThan(pages[at - 1]?.downTo ?? Infinity);
  });

  it('is that of the innermost root, and says which others hold the path', () => {
    const [page] = history({ path: '/r/in/0004' });
    expect(page).toMatchObject({ root: '/r/in', otherRoots: ['/r'], rows: [{ path: '0004' }] });
    expect(shown(history({ path: '/r/in/0004', root: '/r' }))).toEqual([]);
    const bytes = Buffer.from('/r/h/0003').toString('base64');
    expect(shown(history({ path: 'x', path_b64: bytes }))).toEqual(LIVED);
    expect(() => history({ path: '/elsewhere' })).toThrow(
      expect.objectContaining({ code: 'CODI_NOT_FOUND' }),
    );
  });
});
