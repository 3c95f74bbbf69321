import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { CodiError } from '#codi/protocol/errors.js';
import { decodeCursor, encodeCursor } from '#codi/workers/storage/cursor.js';
import { groupLength, workBytes } from '#codi/workers/storage/group-size.js';
import { MultiInsert } from '#codi/workers/storage/multi-insert.js';
import { judgeSequence } from '#codi/workers/storage/producers.js';
import { idKey, RecentIds } from '#codi/workers/storage/recent-ids.js';
import { splitNs, statColumns, statFromColumns } from '#codi/workers/storage/stat-columns.js';
import { judgeFailure } from '#codi/workers/storage/storage-failure.js';
import { walBytes } from '#codi/workers/storage/wal-limit.js';
import { openLedger, stat } from '../../../support/ledger-store.ts';

describe('a sequence number', () => {
  it('is next, a duplicate or behind a gap', () => {
    expect(judgeSequence(5, 6, 1)).toBe('next');
    expect(judgeSequence(5, 5, 1)).toBe('duplicate');
    expect(judgeSequence(5, 7, 1)).toBe('gap');
    expect(judgeSequence(5, 4, 3)).toBe('next');
    expect(judgeSequence(5, 4, 2)).toBe('duplicate');
  });
});

describe('a commit group', () => {
  it('takes what is waiting up to its limit, and always one message', () => {
    const queue = [{ bytes: 10 }, { bytes: 10 }, { bytes: 10 }];
    expect(groupLength(queue, 20)).toBe(2);
    expect(groupLength(queue, 5)).toBe(1);
    expect(groupLength(queue, 1000)).toBe(3);
    expect(groupLength([], 1000)).toBe(0);
  });

  it('counts the bytes of bodies', () => {
    const work = { type: 'entries', bytes: new Uint8Array(7) } as never;
    expect(workBytes(work)).toBe(7);
    expect(workBytes({ type: 'openRoot', batch: 1, rootPath: '/' as never })).toBe(0);
  });
});

describe('multi-row inserts', () => {
  it('insert every row once, whatever their number', () => {
    for (const count of [0, 1, 7, 8, 9, 31, 32, 33, 64, 77]) {
      const database = new Database(':memory:');
      database.exec('CREATE TABLE t (a, b)');
      const insert = new MultiInsert(database, 't', 'a, b');
      for (let row = 0; row < count; row++) {
        const { values, start } = insert;
        values[start] = row;
        values[start + 1] = `row ${row}`;
        insert.rowAdded();
      }
      insert.flush();
      insert.flush();
      const rows = database.prepare('SELECT a, b FROM t ORDER BY a').all();
      expect(rows).toEqual(Array.from({ length: count }, (_, a) => ({ a, b: `row ${a}` })));
    }
  });
});

describe('the window of recent ids', () => {
  const key = (n: number) => idKey(Buffer.from(n.toString(16).padStart(32, '0'), 'hex'));
  const fill = (ids: RecentIds, from: number, to: number) => {
    for (let n = from; n < to; n += 10) {
      for (let at = n; at < Math.min(to, n + 10); at++) ids.stage(key(at));
      ids.write();
      ids.committed();
    }
  };

  it('remembers at least as many as asked, also after reopening, and forgets old ones', () => {
    const { database, close } = openLedger();
    const ids = new RecentIds(database, 100);
    fill(ids, 0, 1000);
    const reopened = new RecentIds(database, 100);
    for (const window of [ids, reopened]) {
      for (let n = 900; n < 1000; n++) expect(window.has(key(n))).toBe(true);
      expect(window.has(key(0))).toBe(false);
      expect(window.has(key(800))).toBe(false);
    }
    expect(database.prepare('SELECT count(*) FROM recent_ids').pluck().get()).toBeLessThan(13);
    fill(reopened, 1000, 1020);
    expect(new RecentIds(database, 100).has(key(1019))).toBe(true);
    close();
  });

  it('forgets what was rolled back', () => {
    const { database, close } = openLedger();
    const ids = new RecentIds(database, 100);
    ids.stage(key(1));
    expect(ids.has(key(1))).toBe(true);
    ids.rolledBack();
    expect(ids.has(key(1))).toBe(false);
    close();
  });
});

describe('a stat in columns', () => {
  it('comes back exactly, also with 64-bit ids and times before 1970', () => {
    const odd = stat({
      dev: 2n ** 64n - 1n,
      ino: 2n ** 63n,
      mtimeNs: -1n,
      ctimeNs: -1_000_000_000_000_000_000n,
    });
    expect(statFromColumns(statColumns(odd))).toEqual(odd);
    expect(splitNs(-1n)).toEqual({ seconds: -1, nanos: 999_999_999 });
  });
});

describe('a failure of SQLite', () => {
  const failure = (code: string) => judgeFailure(Object.assign(new Error('words'), { code }));

  it('is waited out when the disk is full or the database busy', () => {
    expect(failure('SQLITE_FULL')).toMatchObject({ kind: 'refused', code: 'CODI_DISK_FULL' });
    expect(failure('SQLITE_BUSY_SNAPSHOT')).toMatchObject({
      kind: 'refused',
      code: 'CODI_STORAGE_UNAVAILABLE',
    });
  });

  it('ends the writer when the disk or the file cannot be trusted', () => {
    expect(failure('SQLITE_READONLY')).toMatchObject({ kind: 'refused', mustReopen: true });
    expect(failure('SQLITE_IOERR_FSYNC')).toMatchObject({
      kind: 'fatal',
      code: 'CODI_STORAGE_UNAVAILABLE',
    });
    expect(failure('SQLITE_CORRUPT_INDEX')).toMatchObject({
      kind: 'fatal',
      code: 'CODI_STORE_CORRUPT',
    });
    expect(failure('SQLITE_CONSTRAINT_UNIQUE').kind).toBe('fatal');
    expect(judgeFailure(new TypeError('bug'))).toMatchObject({
      kind: 'fatal',
      code: 'CODI_INTERNAL',
    });
    expect(judgeFailure(new CodiError('CODI_DATA_NEWER')).code).toBe('CODI_DATA_NEWER');
  });
});

describe('a cursor', () => {
  const shape = ['number', 'string'] as const;
  const store = { identity: () => 'one' };

  it('comes back as it was', () => {
    const text = encodeCursor(store, 'tag', [7, 'ü']);
    expect(decodeCursor(store, 'tag', shape, text)).toEqual([7, 'ü']);
  });

  it('is refused with the reason when it is damaged, of another query or of another ledger', () => {
    const damaged = [
      encodeCursor(store, 'tag', [7]),
      encodeCursor(store, 'tag', [7, 'x', 1]),
      encodeCursor(store, 'tag', ['x', 7]),
      encodeCursor(store, 'tag', [1.5, 'x']),
      Buffer.from('{"0":"one"}').toString('base64url'),
      'garbage',
      '',
    ];
    const decode = (text: string) => () => decodeCursor(store, 'tag', shape, text);
    for (const text of damaged) expect(decode(text)).toThrow(/not as it was given out/);
    expect(decode(encodeCursor(store, 'other', [7, 'x']))).toThrow(/another kind or order/);
    const other = { identity: () => 'two' };
    expect(decode(encodeCursor(other, 'tag', [7, 'x']))).toThrow(/another ledger/);
  });
});

describe('the size of a write-ahead log', () => {
  it('follows from its frames', () => {
    expect(walBytes(0, 4096)).toBe(0);
    expect(walBytes(-1, 4096)).toBe(0);
    expect(walBytes(2, 4096)).toBe(32 + 2 * 4120);
  });
});
