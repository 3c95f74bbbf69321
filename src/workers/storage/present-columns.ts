import type { SqliteStatement } from './open-database.ts';

/**
 * Columns of a table as a SELECT names them. A store that a former release left, and no daemon has opened since, lacks
 * those that came later: they read as NULL.
 */
export function presentColumns(
  tables: { prepare(sql: string): SqliteStatement },
  table: string,
  columns: string,
): string {
  const rows = tables.prepare(`SELECT name FROM pragma_table_info('${table}')`).all();
  const present = new Set((rows as { name: string }[]).map(({ name }) => name));
  const asRead = (column: string) => (present.has(column) ? column : `NULL AS ${column}`);
  return columns.split(', ').map(asRead).join(', ');
}
