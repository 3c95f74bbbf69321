import type { SalvageReport } from '#codi/workers/storage/healing.messages.js';
import { openForReading, type StoreKind } from '#codi/workers/storage/open-database.js';
import { salvage } from '#codi/workers/storage/salvage/salvage.js';

/** Carries a salvage out, from a database and its log to a new one. */
export function salvaged(
  kind: StoreKind,
  dataDir: string,
  from: string,
  to: string,
): SalvageReport {
  const work = salvage({
    kind,
    dataDir,
    from,
    to,
    unproved: `${to}.unproved`,
    nowMs: 1_700_000_009_000,
  });
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

/** The tables of each store whose rows are entries, with the column of their number. */
export const ENTRY_TABLES = {
  ledger: { logs: 'id', file_events: 'seq', roots: 'root_id', acts: 'seq' },
  state: { coordination: 'seq' },
} as const;

/** Every entry of a database as text, by `table number`. */
export function entriesOf(path: string, kind: StoreKind): Map<string, string> {
  const database = openForReading(path, kind);
  const entries = new Map<string, string>();
  for (const [table, key] of Object.entries(ENTRY_TABLES[kind])) {
    const rows = database.prepare(`SELECT * FROM ${table}`).safeIntegers(true).all();
    for (const row of rows as Record<string, unknown>[]) {
      const text = JSON.stringify(row, (_key, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      );
      entries.set(`${table} ${String(row[key])}`, text);
    }
  }
  database.close();
  return entries;
}

/** For each entry of a closed database, the block it is in. */
export function blocksOf(path: string, kind: StoreKind): Map<string, number> {
  const tables = { 1: 'logs', 2: 'file_events', 3: 'coordination', 4: 'roots', 5: 'acts' } as const;
  const database = openForReading(path, kind);
  const blocks = new Map<string, number>();
  for (const row of database.prepare('SELECT * FROM block_ranges').all()) {
    const { block, stream, first, last } = row as Record<string, number>;
    const table = tables[stream as keyof typeof tables];
    if (!(table in ENTRY_TABLES[kind])) continue;
    for (let number = first!; number <= Math.min(last!, first! + 10_000); number++)
      blocks.set(`${table} ${number}`, block!);
  }
  database.close();
  return blocks;
}

/**
 * The pages that each block stands in, of a database without a log: those of its entries and of its own row. Pages
 * behind a leaf that a long entry goes on in count for every entry of the leaf.
 */
export function pagesOfBlocks(path: string, kind: StoreKind): Map<number, Set<number>> {
  const database = openForReading(path, kind);
  const pages = new Map<number, Set<number>>();
  const blocks = blocksOf(path, kind);
  const tables: Record<string, string> = { ...ENTRY_TABLES[kind], blocks: 'n' };
  const leaves = database.prepare(
    `SELECT pageno, path, ncell FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path`,
  );
  const overflow = database.prepare(
    `SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'overflow' AND path LIKE ?`,
  );
  for (const [table, key] of Object.entries(tables)) {
    const numbers = database.prepare(`SELECT ${key} FROM ${table} ORDER BY ${key}`).pluck().all();
    let at = 0;
    for (const leaf of leaves.all(table) as { pageno: number; path: string; ncell: number }[]) {
      const more = overflow.all(table, `${leaf.path}%`) as { pageno: number }[];
      for (const number of numbers.slice(at, at + leaf.ncell) as number[]) {
        const block = table === 'blocks' ? number : blocks.get(`${table} ${number}`)!;
        const of = pages.get(block) ?? new Set();
        of.add(leaf.pageno);
        for (const { pageno } of more) of.add(pageno);
        pages.set(block, of);
      }
      at += leaf.ncell;
    }
  }
  database.close();
  return pages;
}

/** The pages of a table or an index. */
export function pagesOfTable(path: string, name: string): number[] {
  const database = openForReading(path, path.includes('state.db') ? 'state' : 'ledger');
  const pages = database.prepare('SELECT pageno FROM dbstat WHERE name = ?').pluck().all(name);
  database.close();
  return pages as number[];
}
