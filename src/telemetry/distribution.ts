/** What a distribution is made of. */
export interface DistributionOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Ascending. */
  readonly upperBounds: readonly number[];
}

interface Row {
  readonly labels: Record<string, string>;
  /** Values up to each bound and above the one before it; above the last one at the end. */
  readonly counts: Float64Array;
  sum: number;
}

/**
 * A histogram that a registry of prom-client shows as its own. Those check, sort and join the labels of each value, and
 * one is told with every answer that a daemon gives.
 */
export class Distribution {
  readonly name: string;
  readonly #options: DistributionOptions;
  readonly #rows = new Map<string, Row>();

  constructor(options: DistributionOptions) {
    this.name = options.name;
    this.#options = options;
    if (options.labelNames.length === 0) this.#row({});
  }

  observe(labels: Record<string, string>, value: number): void {
    if (!Number.isFinite(value)) throw new TypeError(`not a number: ${value}`);
    const { upperBounds } = this.#options;
    const row = this.#row(labels);
    let index = 0;
    while (index < upperBounds.length && value > (upperBounds[index] as number)) index++;
    row.counts[index]! += 1;
    row.sum += value;
  }

  /** For the registry. */
  async get() {
    const { name, help } = this.#options;
    const values = [...this.#rows.values()].flatMap((row) => this.#show(row));
    return { name, help, type: 'histogram', values };
  }

  #row(labels: Record<string, string>): Row {
    let key = '';
    for (const name of this.#options.labelNames) key += `${labels[name]}\0`;
    let row = this.#rows.get(key);
    if (!row) {
      row = { labels, counts: new Float64Array(this.#options.upperBounds.length + 1), sum: 0 };
      this.#rows.set(key, row);
    }
    return row;
  }

  #show({ labels, counts, sum }: Row) {
    const { name, upperBounds } = this.#options;
    let count = 0;
    const buckets = Array.from(counts, (more, index) => {
      count += more;
      const le = upperBounds[index] ?? '+Inf';
      return { metricName: `${name}_bucket`, value: count, labels: { le, ...labels } };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, value: sum, labels },
      { metricName: `${name}_count`, value: count, labels },
    ];
  }
}
