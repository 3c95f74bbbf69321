import { stringifyJson } from '../../protocol/json-text.ts';
import type { JsonValue } from '../../protocol/json-value.ts';

/** A page must fit into one frame, also as JSON; a single row always does. */
const PAGE_LIMIT_BYTES = 800 * 1024;
/** The longest that JSON makes of one UTF-16 unit: `\u001f`. */
const JSON_BYTES_PER_UNIT = 6;
/** Of a number, a boolean or null. */
const SCALAR_BYTES = 25;

/** Collects the rows of a page up to its limits. */
export class PageRows<Row extends object> {
  readonly rows: Row[] = [];
  readonly #limit: number;
  /** At most so many until it is too many; then exactly so many. */
  #bytes = 0;
  #isExact = false;
  #isFull = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A row was offered that does not fit any more: there is another page. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** How many rows to read: one more than fit, to know whether there is another page. */
  get wanted(): number {
    return this.#limit - this.rows.length + 1;
  }

  /** False when the row belongs to the next page. */
  add(row: Row): boolean {
    if (this.rows.length >= this.#limit || !this.#fits(row)) {
      this.#isFull = true;
      return false;
    }
    this.rows.push(row);
    return true;
  }

  /** Most pages are far from the limit: then nothing has to be written to see how long it gets. */
  #fits(row: Row): boolean {
    if (!this.#isExact) {
      const mostBytes = this.#bytes + mostBytesOf(row);
      if (mostBytes <= PAGE_LIMIT_BYTES) {
        this.#bytes = mostBytes;
        return true;
      }
      this.#isExact = true;
      this.#bytes = this.rows.reduce((sum, one) => sum + bytesOf(one), 0);
    }
    const bytes = this.#bytes + bytesOf(row);
    if (this.rows.length > 0 && bytes > PAGE_LIMIT_BYTES) return false;
    this.#bytes = bytes;
    return true;
  }
}

function bytesOf(row: object): number {
  return Buffer.byteLength(stringifyJson(row as unknown as JsonValue));
}

function mostBytesOf(row: object): number {
  let bytes = 2;
  for (const [name, value] of Object.entries(row)) {
    bytes += name.length + 4;
    if (typeof value === 'string') bytes += 2 + value.length * JSON_BYTES_PER_UNIT;
    else if (typeof value === 'object' && value !== null) bytes += bytesOf(value as object);
    else bytes += SCALAR_BYTES;
  }
  return bytes;
}
