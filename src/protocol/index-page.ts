/**
 * A page of a root's index on its way from the ledger to a watch host: one buffer, because rows as objects would be
 * taken apart and put together again by each of the three threads and processes they go through.
 *
 * A row, numbers little-endian: length of its directory (u32; SAME: that of the row before) and of its name (u32), kind
 * (u8), mode (u32), links (u32), size (f64), device (u64), inode (u64), time of the last modification and of the last
 * change (seconds f64 and nanoseconds u32 each), the bytes of the directory, those of the name.
 */
import type { BytePath } from './byte-path.ts';
import type { FileKind, IndexRow, IndexStat } from './file-event.ts';

export interface IndexPage {
  readonly rows: number;
  /** Path of the last row; undefined without one. */
  readonly last: BytePath | undefined;
  readonly bytes: Uint8Array;
}

/** The numbers of a row: 64-bit ones in two halves, the upper one signed or not, as they come. */
export interface IndexNumbers {
  readonly mode: number;
  readonly nlink: number;
  readonly size: number;
  readonly devLow: number;
  readonly devHigh: number;
  readonly inoLow: number;
  readonly inoHigh: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanos: number;
  readonly ctimeSeconds: number;
  readonly ctimeNanos: number;
}

const KINDS: readonly FileKind[] = ['file', 'dir', 'symlink', 'other'];
const SAME = 0xffff_ffff;
const KIND_AT = 8;
const NUMBERS_AT = 9;
const FIXED_BYTES = NUMBERS_AT + 56;
const FIRST_BYTES = 256 * 1024;
const NANOS_PER_SECOND = 1_000_000_000n;
const LOW_BITS = 0xffff_ffffn;

export class IndexPageWriter {
  #bytes = Buffer.alloc(FIRST_BYTES);
  #view = viewOf(this.#bytes);
  #at = 0;
  #rows = 0;
  #last: BytePath | undefined;
  #directory: string | undefined;

  get rows(): number {
    return this.#rows;
  }

  add(path: BytePath, kind: FileKind, numbers: IndexNumbers): void {
    // A slash at the beginning belongs to the name: so the two always give the path again.
    const cut = Math.max(0, path.lastIndexOf('/'));
    const isSame = cut === this.#directory?.length && path.startsWith(this.#directory);
    const name = cut === 0 ? path : path.slice(cut + 1);
    this.#grow(FIXED_BYTES + path.length);
    const view = this.#view;
    const at = this.#at;
    view.setUint32(at, isSame ? SAME : cut, true);
    view.setUint32(at + 4, name.length, true);
    view.setUint8(at + KIND_AT, KINDS.indexOf(kind));
    writeNumbers(view, at + NUMBERS_AT, numbers);
    this.#at += FIXED_BYTES;
    if (!isSame) {
      this.#directory = path.slice(0, cut);
      this.#at += this.#bytes.write(this.#directory, this.#at, 'latin1');
    }
    this.#at += this.#bytes.write(name, this.#at, 'latin1');
    this.#rows += 1;
    this.#last = path;
  }

  page(): IndexPage {
    return { rows: this.#rows, last: this.#last, bytes: this.#bytes.subarray(0, this.#at) };
  }

  #grow(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2 + bytes);
    this.#view = viewOf(this.#bytes);
  }
}

/** Goes through a page, one row at a time. */
export class IndexPageReader {
  directory = '' as BytePath;
  name = '';
  kind: FileKind = 'file';
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #row = 0;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = viewOf(this.#bytes);
  }

  /** False after the last one. */
  next(): boolean {
    const at = this.#next;
    if (at >= this.#bytes.length) return false;
    this.#row = at;
    const directoryLength = this.#view.getUint32(at, true);
    let end = at + FIXED_BYTES;
    if (directoryLength !== SAME) {
      this.directory = this.#bytes.toString('latin1', end, end + directoryLength) as BytePath;
      end += directoryLength;
    }
    this.#next = end + this.#view.getUint32(at + 4, true);
    this.name = this.#bytes.toString('latin1', end, this.#next);
    this.kind = KINDS[this.#view.getUint8(at + KIND_AT)]!;
    return true;
  }

  get path(): BytePath {
    return (this.directory === '' ? this.name : `${this.directory}/${this.name}`) as BytePath;
  }

  /** `device` is used again where it is the same number, and a time where both are: the index keeps these. */
  stat(device: bigint): IndexStat {
    const view = this.#view;
    const at = this.#row + NUMBERS_AT;
    const dev = view.getBigUint64(at + 16, true);
    const mtimeNs = timeNs(view, at + 32);
    const ctimeNs = timeNs(view, at + 44);
    return {
      dev: dev === device ? device : dev,
      ino: view.getBigUint64(at + 24, true),
      size: view.getFloat64(at + 8, true),
      mtimeNs,
      ctimeNs: ctimeNs === mtimeNs ? mtimeNs : ctimeNs,
      mode: view.getUint32(at, true),
      nlink: view.getUint32(at + 4, true),
    };
  }
}

/** All of these rows as one page. */
export function packIndex(rows: readonly IndexRow[]): IndexPage {
  const writer = new IndexPageWriter();
  for (const { path, kind, stat } of rows) writer.add(path, kind, numbersOf(stat));
  return writer.page();
}

export function unpackIndex(bytes: Uint8Array): IndexRow[] {
  const rows: IndexRow[] = [];
  const reader = new IndexPageReader(bytes);
  while (reader.next()) rows.push({ path: reader.path, kind: reader.kind, stat: reader.stat(0n) });
  return rows;
}

function numbersOf(stat: IndexStat): IndexNumbers {
  const { mode, nlink, size, dev, ino } = stat;
  const [mtimeSeconds, mtimeNanos] = splitNs(stat.mtimeNs);
  const [ctimeSeconds, ctimeNanos] = splitNs(stat.ctimeNs);
  return {
    ...{ mode, nlink, size, mtimeSeconds, mtimeNanos, ctimeSeconds, ctimeNanos },
    ...{ devLow: Number(dev & LOW_BITS), devHigh: Number(dev >> 32n) },
    ...{ inoLow: Number(ino & LOW_BITS), inoHigh: Number(ino >> 32n) },
  };
}

function splitNs(ns: bigint): [seconds: number, nanos: number] {
  const nanos = ((ns % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  return [Number((ns - nanos) / NANOS_PER_SECOND), Number(nanos)];
}

function writeNumbers(view: DataView, at: number, numbers: IndexNumbers): void {
  view.setUint32(at, numbers.mode, true);
  view.setUint32(at + 4, numbers.nlink, true);
  view.setFloat64(at + 8, numbers.size, true);
  view.setUint32(at + 16, numbers.devLow, true);
  view.setUint32(at + 20, numbers.devHigh, true);
  view.setUint32(at + 24, numbers.inoLow, true);
  view.setUint32(at + 28, numbers.inoHigh, true);
  view.setFloat64(at + 32, numbers.mtimeSeconds, true);
  view.setUint32(at + 40, numbers.mtimeNanos, true);
  view.setFloat64(at + 44, numbers.ctimeSeconds, true);
  view.setUint32(at + 52, numbers.ctimeNanos, true);
}

function timeNs(view: DataView, at: number): bigint {
  return (
    BigInt(view.getFloat64(at, true)) * NANOS_PER_SECOND + BigInt(view.getUint32(at + 8, true))
  );
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
