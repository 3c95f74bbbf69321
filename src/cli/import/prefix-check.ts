import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { CodiError } from '../../protocol/errors.ts';
import type { ImportMark } from './import-mark.ts';
import { READER_VERSION } from './log-reader.ts';

const NEWLINE = 0x0a;

/**
 * Compares a log with what was imported of it before. Up to the mark of that import the bytes have to be the same,
 * and no record may be new; otherwise the numbers of its records are not those that the ledger knows.
 */
export class PrefixCheck {
  readonly #path: string;
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;
  /** The same at the last line end: a mark never cuts a line. */
  #lineHash: Hash = createHash('sha256');
  #lineBytes = 0;
  #mark: ImportMark | undefined;
  #isDue = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes that were read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while what was imported before has not been seen to the end. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** How many of the next bytes may be added at once. */
  get bytesToMark(): number {
    return this.#isDue && this.#mark ? this.#mark.bytes - this.#bytes : Number.POSITIVE_INFINITY;
  }

  /** To be called before the first record is written. Throws CODI_IMPORT_CHANGED. */
  expect(mark: ImportMark | undefined): void {
    // A mark before the first record has nothing to compare.
    if (!mark || mark.bytes < this.#bytes) return;
    if (mark.reader !== READER_VERSION) {
      throw this.#changed(`it was imported by another version of the reader (${mark.reader})`);
    }
    this.#mark = mark;
    this.#isDue = true;
    this.reach();
  }

  /** Takes the next bytes. */
  add(bytes: Uint8Array): void {
    const lineEnd = bytes.lastIndexOf(NEWLINE) + 1;
    if (lineEnd > 0) {
      this.#hash.update(bytes.subarray(0, lineEnd));
      this.#lineHash = this.#hash.copy();
      this.#lineBytes = this.#bytes + lineEnd;
    }
    if (lineEnd < bytes.length) this.#hash.update(bytes.subarray(lineEnd));
    this.#bytes += bytes.length;
  }

  /** To be called when the records of all added bytes were looked at. Throws CODI_IMPORT_CHANGED. */
  reach(): void {
    const mark = this.#mark;
    if (!this.#isDue || !mark || this.#bytes < mark.bytes) return;
    const { bytes, sha256 } = this.lineEnd();
    if (bytes !== mark.bytes || sha256 !== mark.sha256) {
      throw this.#changed(`its first ${mark.bytes} bytes differ`);
    }
    this.#isDue = false;
  }

  /** A record is new to the ledger. Throws CODI_IMPORT_CHANGED when that cannot be. */
  meetNew(line: number): void {
    if (this.#isDue)
      throw this.#changed(`line ${line} is new, in the part that was imported before`);
  }

  /** Where the last line so far ends, and the hash of all before. */
  lineEnd(): { bytes: number; sha256: string } {
    return { bytes: this.#lineBytes, sha256: this.#lineHash.copy().digest('hex') };
  }

  #changed(reason: string): CodiError {
    return new CodiError('CODI_IMPORT_CHANGED', { path: this.#path, reason });
  }
}
