import { stringifyJson } from '../../protocol/json-text.ts';
import type { JsonValue } from '../../protocol/json-value.ts';

/** A page must fit into one frame, also as JSON; a single row always does. */
const PAGE_LIMIT_BYTES = 800 * 1024;

/** Collects the rows of a page up to its limits. */
export class PageRows<Row extends object> {
  readonly rows: Row[] = [];
  readonly #limit: number;
  #bytes = 0;
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
    const bytes = Buffer.byteLength(stringifyJson(row as unknown as JsonValue));
    const fits = this.rows.length === 0 || this.#bytes + bytes <= PAGE_LIMIT_BYTES;
    if (!fits || this.rows.length >= this.#limit) {
      this.#isFull = true;
      return false;
    }
    this.#bytes += bytes;
    this.rows.push(row);
    return true;
  }
}
