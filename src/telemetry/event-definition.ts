/** Severity of the daemon's own lines, as pino names them. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A field of an event: what it means, and which values it can have. */
export interface Field<Value = unknown> {
  readonly meaning: string;
  /** Present for values out of a closed set; such fields can be labels of a metric. */
  readonly values?: readonly string[];
  /** Has one value for as long as the process lives, so it can be a label as well. */
  readonly isConstant?: boolean;
  /** Never set: carries the type. */
  readonly type?: Value;
}

type FieldMap = Readonly<Record<string, Field>>;

/** The fields a caller gives, with their types. */
export type FieldsOf<Fields extends FieldMap> = {
  readonly [Key in keyof Fields as undefined extends ValueOf<Fields[Key]> ? never : Key]: ValueOf<
    Fields[Key]
  >;
} & {
  readonly [Key in keyof Fields as undefined extends ValueOf<Fields[Key]> ? Key : never]?: ValueOf<
    Fields[Key]
  >;
};

type ValueOf<F> = F extends Field<infer Value> ? Value : never;

/** A metric that an event moves. */
export interface MetricUse<Fields = Record<string, unknown>> {
  /** Ours, or one of the names that Prometheus clients give to processes and to Node. */
  readonly name: `${'codi' | 'process' | 'nodejs'}_${string}`;
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  /** Names of fields with a closed set of values. */
  readonly labels?: readonly (keyof Fields & string)[];
  /** By how much, or to what; undefined moves nothing. Default: one. */
  readonly value?: (fields: Fields) => number | undefined;
  /** The value of a counter is its total, counted elsewhere, since the start of the process. */
  readonly isTotal?: boolean;
  /** Shown as 0 for every value of its only label before the first event, so that a first one is seen as a rise. */
  readonly startsAtZero?: boolean;
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets?: readonly number[];
}

/** One kind of event, declared once: a log line and the metrics it moves. */
export interface EventDefinition<Fields extends FieldMap = FieldMap> {
  readonly level: LogLevel;
  /** With capital and period; `{field}` is filled in. */
  readonly sentence: string;
  readonly fields: Fields;
  readonly metrics?: readonly MetricUse<FieldsOf<Fields>>[];
  /** Fills in fields that follow from the given ones. */
  readonly complete?: (fields: FieldsOf<Fields>) => FieldsOf<Fields>;
  /** Fields that tell repeated lines apart; lines that are the same in them are folded. */
  readonly repeatedBy?: readonly (keyof Fields & string)[];
}

export function defineEvent<const Fields extends FieldMap>(
  definition: EventDefinition<Fields>,
): EventDefinition<Fields> {
  return definition;
}

export function text(meaning: string): Field<string> {
  return { meaning };
}

/** A text that does not change while the process lives. */
export function constant(meaning: string): Field<string> {
  return { meaning, isConstant: true };
}

export function number(meaning: string): Field<number> {
  return { meaning };
}

export function flag(meaning: string): Field<boolean> {
  return { meaning };
}

export function object(meaning: string): Field<object> {
  return { meaning };
}

/** A value out of a closed set. What is not in it is counted as `other`. */
export function oneOf<const Value extends string>(
  meaning: string,
  values: readonly Value[],
): Field<Value> {
  return { meaning, values };
}

/** A field that may be left out. */
export function optional<Value>(field: Field<Value>): Field<Value | undefined> {
  return field;
}
