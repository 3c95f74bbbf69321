import type { LogRow } from '../canonical.ts';
import { keyOf, type TimeKey } from '../time-key.ts';
import type { RowTaker } from '../walk-log-times.ts';

const PILE_LIMIT_BYTES = 1024 * 1024;
const ROW_BYTES = 128;

/** Where an entry is: in the tables (segment 0), or in a part of a segment. */
export type Place = readonly [segment: number, at: number];
export const IN_TABLES: Place = [0, 0];

/** An entry for the page. One that an earlier page found has no row: it is read again when its turn comes. */
export interface PiledLog {
  key: TimeKey;
  place: Place;
  row?: LogRow;
}

/** The first entries in an order of time, from everything that was looked at so far; bounded in rows and bytes. */
export class LogPile {
  readonly #isNewest: boolean;
  readonly #limit: number;
  #logs: PiledLog[];
  #end: TimeKey | undefined;

  constructor(order: { isNewest: boolean }, limit: number, logs: PiledLog[] = [], end?: TimeKey) {
    this.#isNewest = order.isNewest;
    this.#limit = limit;
    this.#logs = logs;
    this.#end = end;
  }

  /** In order. */
  get logs(): readonly PiledLog[] {
    return this.#logs;
  }

  /** What comes behind this key is for another page; undefined: nothing was left out. */
  get end(): TimeKey | undefined {
    return this.#end;
  }

  endAt(key: TimeKey): void {
    if (!this.#end || this.#compare(key, this.#end) < 0) this.#end = key;
  }

  /** Takes rows that come in order, from one place. */
  taker(place: Place): RowTaker & { close(): void } {
    const taken: PiledLog[] = [];
    const limit = this.#limit;
    let bytes = 0;
    let isFull = false;
    return {
      get isFull() {
        return isFull;
      },
      get wanted() {
        return limit - taken.length + 1;
      },
      take: (row) => {
        isFull = taken.length >= limit || (taken.length > 0 && bytes >= PILE_LIMIT_BYTES);
        if (isFull) return false;
        taken.push({ key: keyOf(row), place, row });
        bytes += bytesOf(row);
        return true;
      },
      close: () => {
        if (isFull) this.endAt(taken.at(-1)!.key);
        this.#merge(taken);
      },
    };
  }

  /** The first ones were given out. */
  drop(count: number): void {
    this.#logs.splice(0, count);
  }

  /** Lets go of what is behind the first ones. */
  cutTo(count: number): void {
    if (this.#logs.length <= count) return;
    this.#logs.length = count;
    this.endAt(this.#logs.at(-1)!.key);
  }

  #merge(taken: readonly PiledLog[]): void {
    const end = this.#end;
    this.#logs = [...this.#logs, ...taken]
      .filter(({ key }) => !end || this.#compare(key, end) <= 0)
      .sort((left, right) => this.#compare(left.key, right.key));
    let bytes = 0;
    const fitting = this.#logs.findIndex(({ row }, at) => {
      const isTooMuch = at >= this.#limit || (at > 0 && bytes >= PILE_LIMIT_BYTES);
      bytes += row ? bytesOf(row) : 0;
      return isTooMuch;
    });
    if (fitting > 0) this.cutTo(fitting);
  }

  #compare(left: TimeKey, right: TimeKey): number {
    const order = left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
    return this.#isNewest ? -order : order;
  }
}

function bytesOf({ message, metadata }: LogRow): number {
  return ROW_BYTES + message.length + (metadata?.length ?? 0);
}
