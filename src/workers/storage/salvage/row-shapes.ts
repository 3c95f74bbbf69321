import { STREAMS } from '../codes.ts';
import type { StoreKind } from '../open-database.ts';
import type { CellValue } from './record.ts';

/** Where a row belongs, as far as its shape tells; what looks alike is told apart by its values. */
export type TableName =
  | 'logs'
  | 'file_events'
  | 'coordination'
  | 'roots'
  | 'acts'
  | 'export_archive'
  | 'export_pruned'
  | 'blocks'
  | 'block_ranges'
  | 'root_sequences'
  | 'recent_ids'
  | 'recent_requests'
  | 'producers'
  | 'segments'
  | 'files'
  | 'sessions'
  | 'monitored_paths'
  | 'revision'
  | 'lost_blocks';

/**
 * Columns in the order of the record: `k` the number of the row (NULL in the record), `i` an integer, `t` text,
 * `b` a blob, `p` a path (text or blob); a capital one may also be NULL.
 */
const SHAPES: Record<StoreKind, Partial<Record<TableName, string>>> = {
  ledger: {
    logs: 'kiiitTtTTTiI',
    file_events: 'kiiiiipPIIiIIIIIIIIIBTTTBI',
    roots: 'kpi',
    acts: 'kbiittTTTT',
    export_archive: 'kbiiiipTIBBIIIIITITTTT',
    export_pruned: 'bii',
    blocks: 'kiiiib',
    block_ranges: 'iiii',
    root_sequences: 'kii',
    recent_ids: 'kbi',
    producers: 'tiii',
    segments: 'kiiIIIIiiIIiiTiBiiIi',
    files: 'ipiiiiiiiiiiB',
    lost_blocks: 'kiii',
  },
  state: {
    coordination: 'kiiitpTTTT',
    blocks: 'kiiiib',
    block_ranges: 'iiii',
    recent_requests: 'ktti',
    sessions: 'ttTiiIITTTiTTITT',
    monitored_paths: 'pitiiiiI',
    revision: 'ki',
    lost_blocks: 'kiii',
  },
};

/** Rows that were written before a column was added are shorter, and are left so. */
const OLDER_SHAPES: [StoreKind, TableName, string][] = [
  ['state', 'sessions', 'ttTiiIITTTi'],
  ['state', 'monitored_paths', 'pitiiii'],
  ['ledger', 'logs', 'kiiitTtTTTi'],
  ['ledger', 'file_events', 'kiiiiipPIIiIIIIIIIIIBTTT'],
  ['ledger', 'file_events', 'kiiiiipPIIiIIIIIIIIIBTTTB'],
];

/** The stream that each table holds. */
export const STREAM_TABLES = {
  [STREAMS.logs]: 'logs',
  [STREAMS.fileEvents]: 'file_events',
  [STREAMS.coordination]: 'coordination',
  [STREAMS.roots]: 'roots',
  [STREAMS.acts]: 'acts',
  [STREAMS.exports]: 'export_archive',
} as const satisfies Record<number, TableName>;

/** The tables of a store whose rows have these serial types. */
export function tablesOf(kind: StoreKind, types: readonly number[], isTable: boolean): TableName[] {
  const candidates = CANDIDATES[kind].get(candidateKey(types.length, isTable));
  if (!candidates) return [];
  const found: TableName[] = [];
  for (const { table, shape } of candidates)
    if (types.every((type, index) => fits(shape[index]!, type))) found.push(table);
  return found;
}

type Candidates = Map<number, { table: TableName; shape: string }[]>;

/** Tables by the number of their columns: this is asked for every cell of a file. */
const CANDIDATES: Record<StoreKind, Candidates> = {
  ledger: candidatesOf('ledger'),
  state: candidatesOf('state'),
};

function candidatesOf(kind: StoreKind): Candidates {
  const candidates: Candidates = new Map();
  const older = OLDER_SHAPES.filter(([of]) => of === kind).map(([, ...shape]) => shape);
  for (const [table, shape] of [...Object.entries(SHAPES[kind]), ...older]) {
    const key = candidateKey(shape.length, isRowidTable(table, shape));
    candidates.set(key, [...(candidates.get(key) ?? []), { table: table as TableName, shape }]);
  }
  return candidates;
}

function candidateKey(columns: number, isTable: boolean): number {
  return columns * 2 + Number(isTable);
}

/** The values of a row in the order of its columns: the number of a row stands as NULL in its record. */
export function withKey(rowid: number | undefined, values: CellValue[]): CellValue[] {
  return rowid === undefined || values[0] !== null ? values : [rowid, ...values.slice(1)];
}

/** Its rows stand in the leaves of a table, not of an index. */
function isRowidTable(table: string, shape: string): boolean {
  return shape[0] === 'k' || table === 'monitored_paths';
}

function fits(column: string, type: number): boolean {
  const isText = type >= 13 && type % 2 === 1;
  const isBlob = type >= 12 && type % 2 === 0;
  switch (column) {
    case 'k':
      return type === 0;
    case 'i':
      return (type >= 1 && type <= 6) || type === 8 || type === 9;
    case 't':
      return isText;
    case 'b':
      return isBlob;
    case 'p':
      return isText || isBlob;
    default:
      return type === 0 || fits(column.toLowerCase(), type);
  }
}
