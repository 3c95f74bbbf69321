import type { SqliteDatabase } from '../open-database.ts';

/** One numbered change of the tables. Released migrations are never edited: the next change is the next number. */
export interface Migration {
  /** 1, 2, 3 … without a gap; `PRAGMA user_version` after it. */
  version: number;
  name: string;
  sql: string;
}

export function latestVersion(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

/** Brings the tables to the latest version, each step in one transaction: a kill leaves the old or the new schema. */
export function migrate(
  database: SqliteDatabase,
  migrations: readonly Migration[],
  applicationId: number,
): void {
  const current = database.pragma('user_version', { simple: true }) as number;
  for (const migration of migrations) {
    if (migration.version <= current) continue;
    database
      .transaction(() => {
        database.exec(migration.sql);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${migration.version}`);
      })
      .immediate();
  }
}
