import { Counter, Gauge, Registry, type Metric } from 'prom-client';

import { Distribution } from './distribution.ts';
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
    const move = this.#mover(use, common);
    for (const label of use.startsAtZero === true ? labels : [])
      for (const value of event.fields[label]?.values ?? []) move({ [label]: value }, 0);
    const labelled = labelReader(labels, event);
    return (fields) => {
      const by = amount(fields);
      if (by !== undefined) move(labelled(fields), by);
    };
  }

  #mover(use: MetricUse, common: CommonOptions): Mover {
    switch (use.type) {
      case 'counter': {
        const counter = new Counter(common);
        const change = use.isTotal === true ? growthOf() : (_: object, by: number) => by;
        return (labels, value) => counter.inc(labels, Math.max(0, change(labels, value)));
      }
      case 'gauge': {
        const gauge = new Gauge(common);
        return (labels, value) => gauge.set(labels, value);
      }
      case 'histogram': {
        const { name, help, labelNames } = common;
        const upperBounds = use.buckets ?? [];
        const distribution = new Distribution({ name, help, labelNames, upperBounds });
        this.#registry.registerMetric(distribution as unknown as Metric);
        return (labels, value) => distribution.observe(labels, value);
      }
    }
  }
}

interface CommonOptions {
  name: string;
  help: string;
  labelNames: string[];
  registers: Registry[];
}

type Labels = Record<string, string>;
type Mover = (labels: Labels, value: number) => void;

/** By how much a total has grown since it was last given. */
function growthOf(): (labels: Labels, total: number) => number {
  const seen = new Map<string, number>();
  return (labels, total) => {
    const key = JSON.stringify(labels);
    const growth = total - (seen.get(key) ?? 0);
    seen.set(key, total);
    return growth;
  };
}

/** Label values come out of the closed set of their field, so that no input can grow the metrics. */
function labelReader(
  labels: readonly string[],
  event: EventDefinition,
): (fields: Record<string, unknown>) => Record<string, string> {
  const sets = labels.map((label) => {
    const field = event.fields[label];
    if (field?.values === undefined && field?.isConstant !== true)
      throw new Error(`The label ${label} has no closed set of values.`);
    return [label, field.values && new Set<unknown>(field.values)] as const;
  });
  return (fields) => {
    const found: Record<string, string> = {};
    for (const [label, values] of sets) {
      const value = fields[label];
      const isKnown = typeof value === 'string' && (values === undefined || values.has(value));
      found[label] = isKnown ? value : OTHER;
    }
    return found;
  };
}
