import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEDGER_MIGRATIONS } from '#codi/workers/storage/migrations/ledger.js';
import { latestVersion } from '#codi/workers/storage/migrations/migrate.js';
import {
  isSqliteNewEnough,
  openForReading,
  openForWriting,
} from '#codi/workers/storage/open-database.js';
import { temporaryDir } from '../../../support/ledger-thread.ts';

let dir: ReturnType<typeof temporaryDir>;
let path: string;
beforeEach(() => {
  dir = temporaryDir();
  path = join(dir.path, 'ledger.db');
});
afterEach(() => dir.remove());

const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
};

describe('opening a store', () => {
  it('sets what durability stands on', () => {
    const database = openForWriting(path, 'ledger');
    const pragma = (name: string) => database.pragma(name, { simple: true }) as unknown;
    expect(pragma('journal_mode')).toBe('wal');
    expect(pragma('synchronous')).toBe(2);
    expect(pragma('foreign_keys')).toBe(1);
    expect(pragma('wal_autocheckpoint')).toBe(0);
    expect(pragma('user_version')).toBe(latestVersion(LEDGER_MIGRATIONS));
    expect(pragma('application_id')).toBe(0x636f644c);
    database.close();
  });

  it('keeps what is there when it is opened again', () => {
    const first = openForWriting(path, 'ledger');
    first.exec("INSERT INTO meta VALUES ('key', 'value')");
    first.close();
    const second = openForWriting(path, 'ledger');
    expect(second.prepare('SELECT value FROM meta').pluck().get()).toBe('value');
    second.close();
  });

  it('makes a new database with the page size that was asked for', () => {
    const database = openForWriting(path, 'ledger', { pageSizeBytes: 8192 });
    expect(database.pragma('page_size', { simple: true })).toBe(8192);
    database.close();
  });

  it('refuses a schema that is newer than it knows', () => {
    const database = openForWriting(path, 'ledger');
    database.pragma('user_version = 99');
    database.close();
    expect(codeOf(() => openForWriting(path, 'ledger'))).toBe('CODI_DATA_NEWER');
    expect(codeOf(() => openForReading(path, 'ledger'))).toBe('CODI_DATA_NEWER');
  });

  it('refuses the database of another program, and the other store', () => {
    const foreign = new Database(path);
    foreign.pragma('application_id = 1234');
    foreign.exec('CREATE TABLE t (x)');
    foreign.close();
    expect(codeOf(() => openForWriting(path, 'ledger'))).toBe('CODI_STORE_CORRUPT');
    const statePath = join(dir.path, 'state.db');
    openForWriting(statePath, 'state').close();
    expect(codeOf(() => openForWriting(statePath, 'ledger'))).toBe('CODI_STORE_CORRUPT');
  });

  it('refuses a file that is no database', () => {
    writeFileSync(path, 'this is not a database, it only has its name'.repeat(40));
    expect(codeOf(() => openForWriting(path, 'ledger'))).toBe('SQLITE_NOTADB');
  });

  it('reads what a writer commits, and cannot write', () => {
    const writer = openForWriting(path, 'ledger');
    const reader = openForReading(path, 'ledger');
    writer.exec("INSERT INTO meta VALUES ('key', 'value')");
    expect(reader.prepare('SELECT value FROM meta').pluck().get()).toBe('value');
    expect(codeOf(() => reader.exec('DELETE FROM meta'))).toBe('SQLITE_READONLY');
    reader.close();
    writer.close();
  });

  it('says that there is nothing to read before a writer has made it', () => {
    expect(codeOf(() => openForReading(path, 'ledger'))).toBe('SQLITE_CANTOPEN');
  });

  it('knows which SQLite releases have the WAL-reset fix', () => {
    expect(['3.51.2', '3.50.9', '2.99.99'].map(isSqliteNewEnough)).toEqual([false, false, false]);
    expect(['3.51.3', '3.52.0', '4.0.0'].map(isSqliteNewEnough)).toEqual([true, true, true]);
  });
});
