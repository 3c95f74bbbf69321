import type { ImageNumber } from './page-images.ts';

/**
 * Which images of pages hold which numbers of one table: a page's worth of rows in an entry of 24 bytes. Add, seal,
 * then look up.
 */
export class PageDirectory {
  #entries: number[] = [];
  #firsts = new Float64Array();
  #lasts = new Float64Array();
  /** The highest last number so far. */
  #reach = new Float64Array();
  #images = new Float64Array();

  add(first: number, last: number, image: ImageNumber): void {
    this.#entries.push(first, last, image);
  }

  /** Sorts what was added. */
  seal(): void {
    const entries = this.#entries;
    this.#entries = [];
    const count = entries.length / 3;
    const order = Float64Array.from({ length: count }, (_, index) => index);
    order.sort(
      (one, other) =>
        entries[one * 3]! - entries[other * 3]! || entries[one * 3 + 2]! - entries[other * 3 + 2]!,
    );
    const column = (which: number) => order.map((index) => entries[index * 3 + which]!);
    this.#firsts = column(0);
    this.#lasts = column(1);
    this.#images = column(2);
    let reach = -1;
    this.#reach = this.#lasts.map((last) => (reach = Math.max(reach, last)));
  }

  /** Images that may hold numbers between these. */
  find(first: number, last: number): ImageNumber[] {
    const found: ImageNumber[] = [];
    for (let at = this.#after(last) - 1; at >= 0 && this.#reach[at]! >= first; at--)
      if (this.#lasts[at]! >= first) found.push(this.#images[at]!);
    return found.reverse();
  }

  /** The first image with numbers above this one, and the number it begins with. */
  next(number: number): { first: number; image: ImageNumber } | undefined {
    const at = this.#after(number);
    return at < this.#firsts.length
      ? { first: this.#firsts[at]!, image: this.#images[at]! }
      : undefined;
  }

  /** Entries in order. */
  *entries(): Generator<{ first: number; last: number; image: ImageNumber }> {
    for (let at = 0; at < this.#firsts.length; at++)
      yield { first: this.#firsts[at]!, last: this.#lasts[at]!, image: this.#images[at]! };
  }

  /** The first place whose pages begin above a number. */
  #after(number: number): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#firsts[middle]! <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
