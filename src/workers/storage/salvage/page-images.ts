/**
 * The pages of a database that nobody has open, read from its files as they are (sqlite.org/fileformat2.html):
 * those of the database itself and every image of a page in its write-ahead log, also behind a frame that SQLite
 * would stop at, and those of an earlier turn of the log that were not overwritten yet.
 */
import { closeSync, fstatSync } from 'node:fs';
import { checkSum, openIfFile, pageSize, readAt } from './file-bytes.ts';
import type { LogState } from './log-state.ts';

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const WAL_MAGICS = [0x377f_0682, 0x377f_0683];
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const DEFAULT_PAGE_BYTES = 4_096;
const CACHED_PAGES = 64;

/** Number of an image: pages of the database from 0 on, then the frames of the log. */
export type ImageNumber = number;

interface Frame {
  page: number;
  /** It ends a transaction. */
  isCommit: boolean;
  /** Whether it belongs to the turn of the log that its header names. */
  isCurrent: boolean;
  /** Whether the chain of check sums holds up to here. */
  isValid: boolean;
}

/** How the pages of an encrypted database are opened. */
export interface PageSeal {
  /** Bytes at the end of each page that are its. */
  bytes: number;
  /** The page as SQLite sees it; undefined when it is not what was written. */
  open(page: number, sealed: Buffer): Buffer | undefined;
}

/** What the files themselves say of their state, in words; what is whole says nothing. */
export interface FileFlaws {
  flaws: string[];
  /** Something that was written last may be missing without a trace. */
  isTailDoubtful: boolean;
}

export interface ImageOptions {
  /** Its write-ahead log, when that does not lie beside it. */
  log?: string;
  /** When it is encrypted. */
  seal?: PageSeal;
}

export class PageImages {
  readonly pageBytes: number;
  /** Bytes of a page that cells may use. */
  readonly usableBytes: number;
  readonly pageCount: number;
  readonly #database: number | undefined;
  readonly #log: number | undefined;
  readonly #databaseBytes: number;
  readonly #frames: Frame[] = [];
  /** Frames of a page, the newest first. */
  readonly #framesOf = new Map<number, number[]>();
  readonly #cache = new Map<ImageNumber, Buffer>();
  readonly #hasLogHeader: boolean;
  readonly #seal: PageSeal | undefined;
  readonly #flaws: FileFlaws = { flaws: [], isTailDoubtful: false };
  /** Images that were read and do not open. */
  readonly #closed = new Set<ImageNumber>();
  #opened = 0;

  /** Files that are not there hold nothing. Without a path of a database only its log is looked at, and no page. */
  constructor(path: string | undefined, { log = `${path}-wal`, seal }: ImageOptions = {}) {
    this.#database = path === undefined ? undefined : openIfFile(path);
    this.#log = openIfFile(log);
    this.#seal = seal;
    this.#databaseBytes = this.#database === undefined ? 0 : fstatSync(this.#database).size;
    const logHeader = this.#logHeader();
    const header = this.#header(logHeader.pageBytes);
    this.pageBytes = header.pageBytes ?? logHeader.pageBytes ?? DEFAULT_PAGE_BYTES;
    // What the header says of it could be damaged itself, and would spoil each page.
    this.usableBytes = this.pageBytes - (seal?.bytes ?? 0);
    this.pageCount = Math.ceil(this.#databaseBytes / this.pageBytes);
    if (header.pages > this.pageCount && header.pages < 2 ** 31) this.#flaw('it is cut off', true);
    this.#hasLogHeader = logHeader.salts !== undefined;
    this.#readFrames(logHeader.salts);
  }

  /** Of an encrypted database it is known once its pages were read. */
  get found(): FileFlaws {
    const closed = [...this.#closed].filter((image) => this.isCurrent(image)).length;
    if (closed === 0) return this.#flaws;
    const flaw = `${closed} of its pages do not match their tags`;
    return { ...this.#flaws, flaws: [...this.#flaws.flaws, flaw] };
  }

  /** Pages were read, and not one of them opens: the key may be another one. */
  get isShut(): boolean {
    return this.#closed.size > 0 && this.#opened === 0;
  }

  get count(): number {
    return this.pageCount + this.#frames.length;
  }

  /** Bytes of both files. */
  get bytes(): number {
    return this.#databaseBytes + this.#frames.length * this.pageBytes;
  }

  /** The page that an image is of, from 1 on. */
  pageOf(image: ImageNumber): number {
    return image < this.pageCount ? image + 1 : this.#frames[image - this.pageCount]!.page;
  }

  /** Whether a reader of SQLite would be shown this image, had nothing been damaged. */
  isCurrent(image: ImageNumber): boolean {
    if (image >= this.pageCount) return this.#frames[image - this.pageCount]!.isCurrent;
    return !(this.#framesOf.get(image + 1) ?? []).some((frame) => this.#frames[frame]!.isCurrent);
  }

  /** The bytes of an image; a page that is cut off ends in zeros, one that does not open is all zeros. */
  read(image: ImageNumber): Buffer {
    let bytes = this.#cache.get(image);
    if (bytes) return bytes;
    bytes = this.#open(image, this.#readImage(image));
    if (this.#cache.size >= CACHED_PAGES) this.#cache.delete(this.#cache.keys().next().value!);
    this.#cache.set(image, bytes);
    return bytes;
  }

  /** Every image of a page, the newest first, but those that were read and do not open. */
  imagesOf(page: number): ImageNumber[] {
    const images = (this.#framesOf.get(page) ?? []).map((frame) => this.pageCount + frame);
    if (page >= 1 && page <= this.pageCount) images.push(page - 1);
    return this.#closed.size === 0 ? images : images.filter((image) => !this.#closed.has(image));
  }

  /** What the log is in, judged by itself. */
  logState(): LogState {
    if (this.#frames.length === 0) return { kind: 'empty' };
    const first = this.#frames.findIndex(({ isValid }) => !isValid);
    if (first < 0) return { kind: 'readable' };
    if (!this.#hasLogHeader) {
      const isWritten = this.#frames.some(({ isCommit }) => isCommit);
      const reason = 'the header of its write-ahead log does not hold';
      return isWritten ? { kind: 'damaged', reason } : { kind: 'readable' };
    }
    const behind = this.#frames.slice(first).filter(({ isCurrent }) => isCurrent);
    const isFollowed = behind.slice(1).some(({ isCommit }) => isCommit);
    const reason = `frame ${first + 1} of its write-ahead log does not hold`;
    return isFollowed ? { kind: 'damaged', reason } : { kind: 'readable' };
  }

  close(): void {
    if (this.#database !== undefined) closeSync(this.#database);
    if (this.#log !== undefined) closeSync(this.#log);
  }

  #readImage(image: ImageNumber): Buffer {
    const bytes = Buffer.alloc(this.pageBytes);
    if (image < this.pageCount) readAt(this.#database!, bytes, image * this.pageBytes);
    else readAt(this.#log!, bytes, this.#frameAt(image - this.pageCount) + FRAME_HEADER_BYTES);
    return bytes;
  }

  #open(image: ImageNumber, sealed: Buffer): Buffer {
    if (!this.#seal) return sealed;
    const bytes = this.#seal.open(this.pageOf(image), sealed);
    if (bytes) {
      this.#opened += 1;
      return bytes;
    }
    const blank = Buffer.alloc(this.pageBytes);
    // A page that was never written is a hole: SQLite leaves one at 1 GiB.
    if (!sealed.equals(blank)) this.#closed.add(image);
    return blank;
  }

  #header(logPageBytes: number | undefined): {
    pageBytes: number | undefined;
    pages: number;
  } {
    const bytes = this.#firstBytes(logPageBytes);
    const isOurs = bytes.subarray(0, 16).equals(MAGIC);
    const pageBytes = pageSize(bytes.readUInt16BE(16));
    if (!isOurs && this.#databaseBytes > 0) this.#flaw('its header cannot be read', false);
    const isRead = isOurs && pageBytes !== undefined;
    return { pageBytes, pages: isRead ? bytes.readUInt32BE(28) : 0 };
  }

  /** The header of the database; of an encrypted one the size of its pages is plain, and the rest when it opens. */
  #firstBytes(logPageBytes: number | undefined): Buffer {
    const bytes = Buffer.alloc(100);
    if (this.#database === undefined) return bytes;
    readAt(this.#database, bytes, 0);
    if (!this.#seal) return bytes;
    const size = pageSize(bytes.readUInt16BE(16)) ?? logPageBytes ?? DEFAULT_PAGE_BYTES;
    const page = Buffer.alloc(size);
    readAt(this.#database, page, 0);
    return this.#seal.open(1, page) ?? bytes;
  }

  #logHeader(): { pageBytes: number | undefined; salts: Buffer | undefined } {
    if (this.#log === undefined || fstatSync(this.#log).size === 0)
      return { pageBytes: undefined, salts: undefined };
    const bytes = Buffer.alloc(WAL_HEADER_BYTES);
    readAt(this.#log, bytes, 0);
    const isOurs = WAL_MAGICS.includes(bytes.readUInt32BE(0));
    const sum = checkSum(bytes.subarray(0, 24), [0, 0], bytes.readUInt32BE(0) === WAL_MAGICS[1]);
    const holds = sum[0] === bytes.readUInt32BE(24) && sum[1] === bytes.readUInt32BE(28);
    if (!isOurs || !holds) {
      this.#flaw('the header of its write-ahead log does not hold', false);
      return { pageBytes: isOurs ? pageSize(bytes.readUInt32BE(8)) : undefined, salts: undefined };
    }
    return { pageBytes: pageSize(bytes.readUInt32BE(8)), salts: bytes };
  }

  #readFrames(header: Buffer | undefined): void {
    if (this.#log === undefined) return;
    const size = fstatSync(this.#log).size;
    const head = Buffer.alloc(FRAME_HEADER_BYTES);
    let sum: [number, number] | undefined = header && [
      header.readUInt32BE(24),
      header.readUInt32BE(28),
    ];
    for (let frame = 0; this.#frameAt(frame) + FRAME_HEADER_BYTES < size; frame++) {
      readAt(this.#log, head, this.#frameAt(frame));
      const isCurrent =
        header === undefined || head.subarray(8, 16).equals(header.subarray(16, 24));
      sum = isCurrent && sum && header ? this.#followSum(frame, head, sum, header) : undefined;
      this.#frames.push({
        page: head.readUInt32BE(0),
        isCommit: head.readUInt32BE(4) !== 0,
        isCurrent,
        isValid: sum !== undefined,
      });
    }
    this.#judgeFrames(size, header);
    for (const [frame, { page, isCurrent }] of this.#frames.entries()) {
      const before = this.#framesOf.get(page) ?? [];
      // What an earlier turn of the log left is older than everything of this one.
      if (isCurrent) before.unshift(frame);
      else before.push(frame);
      this.#framesOf.set(page, before);
    }
  }

  #judgeFrames(size: number, header: Buffer | undefined): void {
    const isCut = size > WAL_HEADER_BYTES && this.#frameAt(this.#frames.length) !== size;
    if (isCut && this.#frames.at(-1)?.isCurrent === true)
      this.#flaw('its write-ahead log is cut off', true);
    const bad = this.#frames.findIndex(({ isCurrent, isValid }) => isCurrent && !isValid);
    if (header !== undefined && bad >= 0 && !isCut)
      this.#flaw(`frame ${bad + 1} of its write-ahead log does not hold`, false);
    // No frame is ever of page 0: something was there.
    if (this.#frames.some(({ page }) => page === 0))
      this.#flaw('a part of its write-ahead log is blank', true);
  }

  /** The check sum up to this frame, undefined when it is not the one that stands there. */
  #followSum(
    frame: number,
    head: Buffer,
    before: [number, number],
    header: Buffer,
  ): [number, number] | undefined {
    const isBigEndian = header.readUInt32BE(0) === WAL_MAGICS[1];
    const page = Buffer.alloc(this.pageBytes);
    readAt(this.#log!, page, this.#frameAt(frame) + FRAME_HEADER_BYTES);
    const sum = checkSum(page, checkSum(head.subarray(0, 8), before, isBigEndian), isBigEndian);
    return sum[0] === head.readUInt32BE(16) && sum[1] === head.readUInt32BE(20) ? sum : undefined;
  }

  #frameAt(frame: number): number {
    return WAL_HEADER_BYTES + frame * (FRAME_HEADER_BYTES + this.pageBytes);
  }

  #flaw(text: string, isTailDoubtful: boolean): void {
    this.#flaws.flaws.push(text);
    this.#flaws.isTailDoubtful ||= isTailDoubtful;
  }
}
