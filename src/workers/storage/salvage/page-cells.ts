/** Cells of b-tree pages (sqlite.org/fileformat2.html, section 1.6), also of pages whose header is damaged. */
import { readTypes, readVarint } from './record.ts';

/** A cell of a table's leaf, or of an index. */
export interface Cell {
  /** Undefined in an index. */
  rowid: number | undefined;
  /** Of the whole payload. */
  payloadBytes: number;
  /** Where the part of the payload begins that is in the page, and its length. */
  offset: number;
  localBytes: number;
  /** The page the rest begins in; 0: there is none. */
  overflow: number;
}

export interface PageCells {
  cells: Cell[];
  /** Everything in the page is accounted for. */
  isClean: boolean;
}

const TABLE_LEAF = 0x0d;
const INDEX_LEAF = 0x0a;
const INDEX_INTERIOR = 0x02;
const TABLE_INTERIOR = 0x05;
const CELL_BYTES_MIN = 4;
/** Columns of `block_ranges`; its header is a byte longer. */
const RANGE_COLUMNS = 4;

/** The cells with rows in a page; undefined when it holds none. Damage inside gives fewer cells, and is said. */
export function readCells(bytes: Buffer, page: number, usableBytes: number): PageCells | undefined {
  const head = page === 1 ? 100 : 0;
  const type = bytes[head]!;
  if (type === TABLE_INTERIOR) return { cells: [], isClean: true };
  if (type !== TABLE_LEAF && type !== INDEX_LEAF && type !== INDEX_INTERIOR) return undefined;
  const count = bytes.readUInt16BE(head + 3);
  const contentStart = bytes.readUInt16BE(head + 5) || 65_536;
  const pointers = head + (type === INDEX_INTERIOR ? 12 : 8);
  if (pointers + count * 2 > usableBytes || contentStart > usableBytes)
    return { cells: [], isClean: false };
  const cells: Cell[] = [];
  let used = bytes[head + 7]! + freeBytes(bytes, head, usableBytes);
  for (let index = 0; index < count; index++) {
    const at = bytes.readUInt16BE(pointers + index * 2);
    const found = at >= contentStart ? cellAt(bytes, at, type, usableBytes) : undefined;
    if (!found) continue;
    cells.push(found.cell);
    used += Math.max(CELL_BYTES_MIN, found.end - at);
  }
  const isRising = cells.every(
    ({ rowid }, index) => index === 0 || rowid === undefined || rowid > cells[index - 1]!.rowid!,
  );
  const isClean = cells.length === count && isRising && used === usableBytes - contentStart;
  return { cells, isClean };
}

/** Cells that can be made out in a page whatever its header says. */
export function carveCells(bytes: Buffer, usableBytes: number): Cell[] {
  const cells: Cell[] = [];
  for (let at = 0; at < usableBytes - CELL_BYTES_MIN; at++) {
    const cell = carveRow(bytes, at, usableBytes) ?? carveRange(bytes, at, usableBytes);
    if (cell) cells.push(cell);
  }
  return cells;
}

/** A row of a table with a number of its own, which the record holds as NULL. */
function carveRow(bytes: Buffer, at: number, usableBytes: number): Cell | undefined {
  const size = readVarint(bytes, at);
  if (!size || size.value < 3) return undefined;
  const rowid = readVarint(bytes, at + size.bytes);
  if (!rowid || rowid.value < 0) return undefined;
  const start = at + size.bytes + rowid.bytes;
  if (bytes[start + 1] !== 0) return undefined;
  const record = readTypes(bytes, start);
  if (record?.bytes !== size.value) return undefined;
  return cellAt(bytes, at, TABLE_LEAF, usableBytes)?.cell;
}

function carveRange(bytes: Buffer, at: number, usableBytes: number): Cell | undefined {
  if (bytes[at + 1] !== RANGE_COLUMNS + 1) return undefined;
  const record = readTypes(bytes, at + 1);
  if (record?.types.length !== RANGE_COLUMNS || record.bytes !== bytes[at]) return undefined;
  return cellAt(bytes, at, INDEX_LEAF, usableBytes)?.cell;
}

function cellAt(
  bytes: Buffer,
  at: number,
  type: number,
  usableBytes: number,
): { cell: Cell; end: number } | undefined {
  let offset = type === INDEX_INTERIOR ? at + 4 : at;
  const size = readVarint(bytes, offset);
  if (!size) return undefined;
  offset += size.bytes;
  const rowid = type === TABLE_LEAF ? readVarint(bytes, offset) : undefined;
  if (type === TABLE_LEAF && !rowid) return undefined;
  offset += rowid?.bytes ?? 0;
  const localBytes = localPayload(size.value, type === TABLE_LEAF, usableBytes);
  const hasMore = localBytes < size.value;
  const end = offset + localBytes + (hasMore ? 4 : 0);
  if (end > usableBytes) return undefined;
  const overflow = hasMore ? bytes.readUInt32BE(offset + localBytes) : 0;
  if (hasMore && overflow === 0) return undefined;
  return {
    cell: { rowid: rowid?.value, payloadBytes: size.value, offset, localBytes, overflow },
    end,
  };
}

function localPayload(payloadBytes: number, isTable: boolean, usableBytes: number): number {
  const most = isTable ? usableBytes - 35 : Math.floor(((usableBytes - 12) * 64) / 255) - 23;
  if (payloadBytes <= most) return payloadBytes;
  const least = Math.floor(((usableBytes - 12) * 32) / 255) - 23;
  const wanted = least + ((payloadBytes - least) % (usableBytes - 4));
  return wanted <= most ? wanted : least;
}

function freeBytes(bytes: Buffer, head: number, usableBytes: number): number {
  let total = 0;
  let at = bytes.readUInt16BE(head + 1);
  while (at !== 0 && at + 4 <= usableBytes) {
    total += bytes.readUInt16BE(at + 2);
    const next = bytes.readUInt16BE(at);
    // Free blocks stand in order; anything else is damage, and would lead round in circles.
    if (next !== 0 && next <= at) return Number.NaN;
    at = next;
  }
  return total;
}
