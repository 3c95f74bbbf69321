import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { EventDefinition, MetricUse } from './event-definition.ts';
import { OTHER } from './labels.ts';

/** Moves the metrics of an event by its fields. */
type Move = (fields: Record<string, unknown>) => void;

/** The metrics of all declared events, each registered once, shown in the Prometheus text format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #moves = new Map<string, readonly Move[]>();

  constructor(events: Readonly<Record<string, EventDefinition>>) {
    for (const [name, event] of Object.entries(events)) {
      const uses = (event.metrics ?? []) as readonly MetricUse[];
      this.#moves.set(
        name,
        uses.map((use) => this.#register(use, event)),
      );
    }
  }

  record(name: string, fields: Record<string, unknown>): void {
    for (const move of this.#moves.get(name) ?? []) move(fields);
  }

  /** Text of a scrape. */
  async show(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #register(use: MetricUse, event: EventDefinition): Move {
    const { name, help, labels = [] } = use;
    const amount = use.value ?? (() => 1);
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    const labelled = labelReader(labels, event);
    switch (use.type) {
      case 'counter': {
        const counter = new Counter(common);
        return (fields) => {
          const by = amount(fields);
          if (by > 0) counter.inc(labelled(fields), by);
        };
      }
      case 'gauge': {
        const gauge = new Gauge(common);
        return (fields) => gauge.set(labelled(fields), amount(fields));
      }
      case 'histogram': {
        const buckets = use.buckets === undefined ? {} : { buckets: [...use.buckets] };
        const histogram = new Histogram({ ...common, ...buckets });
        return (fields) => histogram.observe(labelled(fields), amount(fields));
      }
    }
  }
}

/** Label values come out of the closed set of their field, so that no input can grow the metrics. */
function labelReader(
  labels: readonly string[],
  event: EventDefinition,
): (fields: Record<string, unknown>) => Record<string, string> {
  const sets = labels.map((label) => {
    const values = event.fields[label]?.values;
    if (values === undefined) throw new Error(`The label ${label} has no closed set of values.`);
    return [label, new Set<unknown>(values)] as const;
  });
  return (fields) => {
    const found: Record<string, string> = {};
    for (const [label, values] of sets) {
      const value = fields[label];
      found[label] = typeof value === 'string' && values.has(value) ? value : OTHER;
    }
    return found;
  };
}
