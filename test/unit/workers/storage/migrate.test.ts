import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { LEDGER_MIGRATIONS } from '#codi/workers/storage/migrations/ledger.js';
import { migrate } from '#codi/workers/storage/migrations/migrate.js';
import { STATE_MIGRATIONS } from '#codi/workers/storage/migrations/state.js';
import { CanonicalBuffer } from '#codi/workers/storage/canonical.js';
import { STREAMS } from '#codi/workers/storage/codes.js';
import { StoredRows } from '#codi/workers/storage/stored-rows.js';

const ONE = { version: 1, name: 'one', sql: 'CREATE TABLE one (x);' };
const TWO = { version: 2, name: 'two', sql: 'CREATE TABLE two (x);' };

describe('migrations', () => {
  it('are numbered from 1 without a gap', () => {
    for (const migrations of [LEDGER_MIGRATIONS, STATE_MIGRATIONS])
      expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, at) => at + 1));
  });

  it('run once each, in order', () => {
    const database = new Database(':memory:');
    migrate(database, [ONE], 77);
    migrate(database, [ONE, TWO], 77);
    migrate(database, [ONE, TWO], 77);
    expect(database.pragma('user_version', { simple: true })).toBe(2);
    expect(database.pragma('application_id', { simple: true })).toBe(77);
  });

  it('leave the schema before them when they fail', () => {
    const database = new Database(':memory:');
    migrate(database, [ONE], 77);
    const broken = { ...TWO, sql: `${TWO.sql} CREATE TABLE one (x);` };
    expect(() => migrate(database, [ONE, broken], 77)).toThrow();
    expect(database.pragma('user_version', { simple: true })).toBe(1);
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'two'").get()).toBe(
      undefined,
    );
  });

  it('leave entries that were there as they are, and can be read before they have run', () => {
    const database = new Database(':memory:');
    migrate(database, LEDGER_MIGRATIONS.slice(0, 6), 77);
    database.exec(`INSERT INTO file_events (seq, root_id, seconds, nanos, event, kind, path, seen, checksum)
      VALUES (1, 1, 1, 2, 0, 0, 'a', 0, x'0102');
      INSERT INTO logs (id, seconds, nanos, level, component, session_id, message, created_ms)
      VALUES (1, 1, 2, 2, 'c', 's', 'm', 3)`);
    const canonical = () => {
      const out = new CanonicalBuffer();
      const rows = new StoredRows(database as never, 'ledger');
      for (const stream of [STREAMS.logs, STREAMS.fileEvents])
        expect(rows.append(out, stream, 1, 1)).toBe(1);
      return Buffer.from(out.view());
    };
    const before = canonical();
    migrate(database, LEDGER_MIGRATIONS, 77);
    expect(canonical()).toEqual(before);
  });
});
