import type { LogRow } from './canonical.ts';
import { logSource, type LogFilter } from './log-filter.ts';
import type { ReadConnection } from './read-connection.ts';
import { SliceSize } from './slice-size.ts';
import {
  behind,
  IN_RANGE,
  keyOf,
  timeOrder,
  upTo,
  type TimeKey,
  type TimeRange,
} from './time-key.ts';

/** A part of a range that one statement looks at. */
export interface LogSlice {
  range: TimeRange;
  /** Its last key in this order, with the count of entries up to there; undefined for the last slice. */
  end: { key: TimeKey; entries: number } | undefined;
}

/** Cuts a range of time into slices of so many entries that none takes long. */
export class LogSlices {
  /** `FROM … WHERE` with the source's condition, to go on with conditions; its values come first. */
  readonly from: string;
  readonly values: readonly unknown[];
  readonly order: string;
  readonly #connection: ReadConnection;
  readonly #isNewest: boolean;
  readonly #size = new SliceSize();
  #rest: TimeRange;

  constructor(
    connection: ReadConnection,
    filter: LogFilter,
    { range, isNewest }: { range: TimeRange; isNewest: boolean },
  ) {
    const source = logSource(filter);
    this.from = `FROM ${source.sql} ${IN_RANGE}`;
    this.values = source.values;
    this.order = timeOrder(isNewest);
    this.#connection = connection;
    this.#isNewest = isNewest;
    this.#rest = range;
  }

  /** What is still to be looked at. */
  get rest(): TimeRange {
    return this.#rest;
  }

  /** Values for a statement that begins with `from`. */
  valuesIn({ lower, upper }: TimeRange): unknown[] {
    return [...this.values, ...lower, ...upper];
  }

  /** Looks at the next slice; `rest` is then what comes behind it. */
  look<Result>(visit: (slice: LogSlice) => Result): { result: Result; isLast: boolean } {
    const slice = this.#next();
    const result = this.#size.measure(() => visit(slice));
    if (slice.end) this.#rest = behind(this.#rest, slice.end.key, this.#isNewest);
    return { result, isLast: slice.end === undefined };
  }

  #next(): LogSlice {
    const { rows } = this.#size;
    // Read from the index alone.
    const found = this.#connection
      .prepare(`SELECT seconds, nanos, id ${this.from} ${this.order} LIMIT 1 OFFSET ?`)
      .get(...this.valuesIn(this.#rest), rows - 1) as LogRow | undefined;
    if (!found) return { range: this.#rest, end: undefined };
    const key = keyOf(found);
    return { range: upTo(this.#rest, key, this.#isNewest), end: { key, entries: rows } };
  }
}
