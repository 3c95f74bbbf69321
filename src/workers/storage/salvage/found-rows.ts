import { STREAMS } from '../codes.ts';
import type { StoreKind } from '../open-database.ts';
import { rowSum } from '../row-sum.ts';
import { carveCells, readCells, type Cell } from './page-cells.ts';
import { PageDirectory } from './page-directory.ts';
import type { ImageNumber, PageImages } from './page-images.ts';
import { readRecord, readTypes, type CellValue } from './record.ts';
import { tablesOf, withKey, type TableName } from './row-shapes.ts';

/** A row that somebody wrote once, or what looks like one. */
export interface FoundRow {
  values: CellValue[];
  /** It stands in a page that is whole in itself. */
  isClean: boolean;
  /** It stands where SQLite would have looked for it. */
  isCurrent: boolean;
}

/** Tables that are looked up by number; the others are few enough to be kept. */
export type LookedUp =
  'logs' | 'file_events' | 'coordination' | 'roots' | 'acts' | 'export_archive' | 'blocks';

const LOOKED_UP: readonly TableName[] = [
  'logs',
  'file_events',
  'coordination',
  'roots',
  'acts',
  'export_archive',
  'blocks',
];
const PARSED_PAGES = 128;
/** Longer than any row that was ever taken; more is damage. */
const PAYLOAD_LIMIT_BYTES = 64 * 1024 * 1024;
/** Numbers in damaged pages that are remembered one by one; more would be a page of noise each. */
const CARVED_LIMIT = 2_000_000;

interface PlacedCell {
  tables: TableName[];
  cell: Cell;
  /** For block_ranges, which is looked up by stream and block. */
  range?: { stream: number; block: number };
}

/**
 * Every row in the pages of a damaged database, found by its shape. One pass over all images notes where rows
 * stand; they are read again when they are asked for. Memory: 24 bytes for each page of rows.
 */
export class FoundRows {
  readonly images: PageImages;
  readonly #kind: StoreKind;
  readonly #directories = new Map<string, PageDirectory>();
  /** Rows in pages that are not clean, and in the inner pages of an index: `table number` → images. */
  readonly #apart = new Map<string, Set<ImageNumber>>();
  readonly #others = new Map<TableName, { image: ImageNumber; cell: Cell; isClean: boolean }[]>();
  readonly #parsed = new Map<ImageNumber, { placed: PlacedCell[]; isClean: boolean }>();

  constructor(images: PageImages, kind: StoreKind) {
    this.images = images;
    this.#kind = kind;
  }

  /** Looks at every image once; yields after each. Call it to its end before anything else. */
  *scan(): Generator<number> {
    for (let image = 0; image < this.images.count; image++) {
      this.#note(image);
      yield image;
    }
    for (const directory of this.#directories.values()) directory.seal();
  }

  /** Rows of a table with these numbers, by number; those that SQLite would have shown come first. */
  byNumber(table: LookedUp, first: number, last: number): Map<number, FoundRow[]> {
    const rows = new Map<number, FoundRow[]>();
    const images = new Set(this.#directories.get(table)?.find(first, last));
    if (this.#apart.size > 0)
      for (let number = first; number <= last; number++)
        for (const image of this.#apart.get(`${table} ${number}`) ?? []) images.add(image);
    for (const image of this.#inOrder(images)) {
      for (const { tables, cell } of this.#parse(image).placed) {
        const number = cell.rowid;
        if (number === undefined || number < first || number > last) continue;
        if (!tables.includes(table)) continue;
        const before = rows.get(number) ?? [];
        before.push(...this.#rowsOf(image, cell));
        rows.set(number, before);
      }
    }
    return rows;
  }

  /** First and last number of a stream that a block is said to have. */
  rangesOf(stream: number, block: number): FoundRow[] {
    const key = `block_ranges ${stream}`;
    const images = new Set(this.#directories.get(key)?.find(block, block));
    for (const image of this.#apart.get(`${key} ${block}`) ?? []) images.add(image);
    return this.#inOrder(images).flatMap((image) =>
      this.#parse(image)
        .placed.filter(({ range }) => range?.stream === stream && range.block === block)
        .flatMap(({ cell }) => this.#rowsOf(image, cell)),
    );
  }

  /** The first block above one that is said to have entries of a stream. */
  nextRange(stream: number, block: number): number | undefined {
    const directory = this.#directories.get(`block_ranges ${stream}`);
    let lowest: number | undefined;
    const take = (image: ImageNumber) => {
      for (const { range } of this.#parse(image).placed)
        if (range?.stream === stream && range.block > block && !(range.block >= lowest!))
          lowest = range.block;
    };
    directory?.find(block + 1, block + 1).forEach(take);
    const next = directory?.next(block + 1);
    if (next && !(next.first >= lowest!)) take(next.image);
    return lowest;
  }

  /** The numbers that clean pages of a table, or of a stream's ranges, lead from and to. */
  *spans(name: LookedUp | `block_ranges ${number}`): Generator<{ first: number; last: number }> {
    const directory = this.#directories.get(name);
    if (directory) for (const { first, last } of directory.entries()) yield { first, last };
  }

  /** All rows of a table that is not looked up by number. */
  *all(table: TableName): Generator<FoundRow> {
    for (const { image, cell, isClean } of this.#others.get(table) ?? []) {
      for (const row of this.#rowsOf(image, cell)) yield { ...row, isClean };
    }
  }

  #note(image: ImageNumber): void {
    const { placed, isClean } = this.#parse(image);
    const ends = new Map<string, { first: number; last: number }>();
    const page = this.images.read(image);
    const isInner = page[this.images.pageOf(image) === 1 ? 100 : 0] === 0x02;
    for (const { tables, cell, range } of placed) {
      for (const table of tables) {
        if (LOOKED_UP.includes(table)) this.#place(table, cell.rowid!, { image, isClean, ends });
        else if (table === 'block_ranges' && range) {
          const name = `block_ranges ${range.stream}`;
          this.#place(name, range.block, { image, isClean: isClean && !isInner, ends });
        } else {
          const others = this.#others.get(table) ?? [];
          others.push({ image, cell, isClean });
          this.#others.set(table, others);
        }
      }
    }
    for (const [name, { first, last }] of ends) this.#directory(name).add(first, last, image);
  }

  #place(
    name: string,
    number: number,
    page: {
      image: ImageNumber;
      isClean: boolean;
      ends: Map<string, { first: number; last: number }>;
    },
  ): void {
    if (page.isClean) {
      const known = page.ends.get(name);
      if (known) {
        known.first = Math.min(known.first, number);
        known.last = Math.max(known.last, number);
      } else page.ends.set(name, { first: number, last: number });
      return;
    }
    const key = `${name} ${number}`;
    const images = this.#apart.get(key) ?? new Set();
    images.add(page.image);
    if (this.#apart.size < CARVED_LIMIT) this.#apart.set(key, images);
  }

  #directory(name: string): PageDirectory {
    let directory = this.#directories.get(name);
    if (!directory) this.#directories.set(name, (directory = new PageDirectory()));
    return directory;
  }

  /** Those that SQLite would have shown first, then the newest. */
  #inOrder(images: Iterable<ImageNumber>): ImageNumber[] {
    return [...images].sort((one, other) => {
      const [isCurrent, wasCurrent] = [this.images.isCurrent(one), this.images.isCurrent(other)];
      return isCurrent === wasCurrent ? other - one : isCurrent ? -1 : 1;
    });
  }

  #parse(image: ImageNumber): { placed: PlacedCell[]; isClean: boolean } {
    let parsed = this.#parsed.get(image);
    if (parsed) return parsed;
    parsed = this.#parsePage(image);
    if (this.#parsed.size >= PARSED_PAGES) this.#parsed.delete(this.#parsed.keys().next().value!);
    this.#parsed.set(image, parsed);
    return parsed;
  }

  #parsePage(image: ImageNumber): { placed: PlacedCell[]; isClean: boolean } {
    const bytes = this.images.read(image);
    const { usableBytes } = this.images;
    const read = readCells(bytes, this.images.pageOf(image), usableBytes);
    const cells = read?.isClean === true ? read.cells : carveCells(bytes, usableBytes);
    if (read && !read.isClean) {
      const known = new Set(cells.map(({ offset }) => offset));
      cells.push(...read.cells.filter(({ offset }) => !known.has(offset)));
    }
    const placed = cells.flatMap((cell) => this.#placeCell(image, bytes, cell));
    return { placed, isClean: read?.isClean === true };
  }

  #placeCell(image: ImageNumber, bytes: Buffer, cell: Cell): PlacedCell[] {
    const local = bytes.subarray(cell.offset, cell.offset + cell.localBytes);
    const record = readTypes(local);
    if (record?.bytes !== cell.payloadBytes) return [];
    const tables = tablesOf(this.#kind, record.types, cell.rowid !== undefined);
    if (tables.length === 0) return [];
    if (tables.includes('recent_ids')) return [{ tables: this.#tellApart(image, cell), cell }];
    // An entry in the index of sessions has the same shape, and there is one for each log entry.
    if (tables.includes('producers') && cell.overflow === 0 && !isProducer(local)) return [];
    if (!tables.includes('block_ranges')) return [{ tables, cell }];
    const [stream, block] = readRecord(local) ?? [];
    const isRange =
      Object.values(STREAMS).includes(stream as never) && typeof block === 'number' && block >= 0;
    if (!isRange) return [];
    return [{ tables, cell, range: { stream: stream as number, block } }];
  }

  /** A root whose name is no UTF-8 looks like a row of recent_ids, but has no check sum. */
  #tellApart(image: ImageNumber, cell: Cell): TableName[] {
    const isSummed = this.#payloadsOf(image, cell).some((payload) => {
      const [, ids, sum] = readRecord(payload) ?? [];
      return Buffer.isBuffer(ids) && rowSum(cell.rowid!, ids) === sum;
    });
    return [isSummed ? 'recent_ids' : 'roots'];
  }

  /** The row, or several where it goes on in a page of which there are several images. */
  #rowsOf(image: ImageNumber, cell: Cell): FoundRow[] {
    const { isClean } = this.#parse(image);
    const isCurrent = this.images.isCurrent(image);
    const rows: FoundRow[] = [];
    for (const payload of this.#payloadsOf(image, cell)) {
      const values = readRecord(payload);
      if (values) rows.push({ values: withKey(cell.rowid, values), isClean, isCurrent });
    }
    return rows;
  }

  #payloadsOf(image: ImageNumber, cell: Cell): Buffer[] {
    if (cell.payloadBytes > PAYLOAD_LIMIT_BYTES) return [];
    const page = this.images.read(image);
    const local = page.subarray(cell.offset, cell.offset + cell.localBytes);
    if (cell.overflow === 0) return [local];
    // Pages of a chain are written once, together with their row: all of its images are old, or all are new.
    const choices = [
      (images: ImageNumber[]) => images[0],
      (images: ImageNumber[]) => images.at(-1),
      (images: ImageNumber[]) => images.find((one) => one <= image),
    ];
    const found: Buffer[] = [];
    for (const choose of choices) {
      const payload = this.#follow(local, cell, choose);
      if (payload && !found.some((one) => one.equals(payload))) found.push(payload);
    }
    return found;
  }

  #follow(
    local: Buffer,
    cell: Cell,
    choose: (images: ImageNumber[]) => ImageNumber | undefined,
  ): Buffer | undefined {
    const parts = [Buffer.from(local)];
    let missing = cell.payloadBytes - local.length;
    let page = cell.overflow;
    while (missing > 0) {
      const image = choose(this.images.imagesOf(page));
      if (image === undefined) return undefined;
      const bytes = this.images.read(image);
      const part = bytes.subarray(4, Math.min(this.images.usableBytes, 4 + missing));
      parts.push(Buffer.from(part));
      missing -= part.length;
      page = bytes.readUInt32BE(0);
    }
    return Buffer.concat(parts);
  }
}

function isProducer(payload: Buffer): boolean {
  const [id, sequence, atMs, sum] = readRecord(payload) ?? [];
  return rowSum(id as string, sequence as number, atMs as number) === sum;
}
