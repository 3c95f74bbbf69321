import { z } from 'zod';

import { DURATION_PATTERN, parseDuration, parseSize, SIZE_PATTERN } from './amount.ts';

/** A value as it is written in the file, on the command line or in the environment. */
export type WrittenValue = string | number | boolean | readonly string[];

export type SettingKind =
  'text' | 'path' | 'choice' | 'toggle' | 'count' | 'duration' | 'size' | 'list';

/** What is known about a setting beside its type: the one source of file, docs and messages. */
export interface SettingMeta {
  /** Key in the TOML section. */
  readonly key: string;
  readonly kind: SettingKind;
  /** One or two sentences: what it does, and what follows from it. */
  readonly description: string;
  /** Unit of the value in the program (the value is written with its own unit). */
  readonly unit: string | undefined;
  /** What a value must look like, continuing "expected …". */
  readonly expected: string;
  /** A value that would be taken, as TOML. */
  readonly example: string;
  /** The default as written, or undefined when it follows from other settings. */
  readonly defaultValue: WrittenValue | undefined;
  /** Said in the docs in place of the default when there is none. */
  readonly derived: string | undefined;
  /** Environment names beside CODI_<SECTION>_<KEY>. */
  readonly shortNames: readonly string[];
  /** Accepted and checked, but nothing reads it in this version. */
  readonly isPending: boolean;
  /** Any other value than the default is accepted with a warning and ignored. */
  readonly isFixed: boolean;
}

interface Description {
  readonly description: string;
  readonly shortNames?: readonly string[];
  readonly isPending?: boolean;
  readonly isFixed?: boolean;
}

/** Metadata of every setting, keyed by its schema. */
export const settingMeta = z.registry<SettingMeta>();

type Filled = Pick<SettingMeta, 'key' | 'kind' | 'expected' | 'example'> &
  Partial<Pick<SettingMeta, 'unit' | 'defaultValue' | 'derived'>>;

function declare<Schema extends z.ZodType>(
  schema: Schema,
  about: Description,
  filled: Filled,
): Schema {
  settingMeta.add(schema, {
    unit: undefined,
    defaultValue: undefined,
    derived: undefined,
    shortNames: about.shortNames ?? [],
    isPending: about.isPending ?? false,
    isFixed: about.isFixed ?? false,
    description: about.description,
    ...filled,
  });
  return schema;
}

/** A time span; milliseconds in the program. */
export function duration(
  key: string,
  about: Description & { default: string; min: string; max: string; takesSeconds?: boolean },
) {
  const minMs = amount(parseDuration, about.min);
  const maxMs = amount(parseDuration, about.max);
  const text = z.string().regex(DURATION_PATTERN);
  const written = about.takesSeconds === true ? z.union([text, z.int()]) : text;
  const schema = written
    .transform((value) => (typeof value === 'number' ? value * 1000 : parseDuration(value)))
    .pipe(z.int().min(minMs).max(maxMs))
    .prefault(about.default);
  return declare(schema, about, {
    key,
    kind: 'duration',
    unit: 'milliseconds',
    expected: `a duration from ${about.min} to ${about.max}`,
    example: JSON.stringify(about.default),
    defaultValue: about.default,
  });
}

/** An amount of memory or disk; bytes in the program. */
export function size(
  key: string,
  about: Description & { default: string; min: string; max: string },
) {
  const minBytes = amount(parseSize, about.min);
  const maxBytes = amount(parseSize, about.max);
  const schema = z
    .union([z.string().regex(SIZE_PATTERN), z.int().nonnegative()])
    .transform((value) => (typeof value === 'number' ? value : parseSize(value)))
    .pipe(z.int().min(minBytes).max(maxBytes))
    .prefault(about.default);
  return declare(schema, about, {
    key,
    kind: 'size',
    unit: 'bytes',
    expected: `a size from ${about.min} to ${about.max}`,
    example: JSON.stringify(about.default),
    defaultValue: about.default,
  });
}

/** A whole number. */
export function count(
  key: string,
  about: Description & { default: number; min: number; max: number; unit?: string },
) {
  const schema = z.int().min(about.min).max(about.max).prefault(about.default);
  return declare(schema, about, {
    key,
    kind: 'count',
    unit: about.unit,
    expected: `a whole number from ${about.min} to ${about.max}`,
    example: String(about.default),
    defaultValue: about.default,
  });
}

/** A whole number that is chosen by the program unless given. */
export function optionalCount(
  key: string,
  about: Description & { derived: string; example: number; min: number; max: number },
) {
  return declare(z.int().min(about.min).max(about.max).optional(), about, {
    key,
    kind: 'count',
    expected: `a whole number from ${about.min} to ${about.max}`,
    example: String(about.example),
    derived: about.derived,
  });
}

export function toggle(key: string, about: Description & { default: boolean }) {
  return declare(z.boolean().prefault(about.default), about, {
    key,
    kind: 'toggle',
    expected: 'true or false',
    example: String(about.default),
    defaultValue: about.default,
  });
}

/** A switch whose default depends on how the program was started. */
export function optionalToggle(key: string, about: Description & { derived: string }) {
  return declare(z.boolean().optional(), about, {
    key,
    kind: 'toggle',
    expected: 'true or false',
    example: 'true',
    derived: about.derived,
  });
}

export function choice<const Choices extends readonly [string, ...string[]]>(
  key: string,
  about: Description & { choices: Choices; default: Choices[number] },
) {
  const schema = z.enum(about.choices).prefault(about.default as never);
  return declare(schema, about, {
    key,
    kind: 'choice',
    expected: `one of ${about.choices.join(', ')}`,
    example: JSON.stringify(about.default),
    defaultValue: about.default,
  });
}

/** A list of short texts. In the environment: separated by commas. */
export function list(
  key: string,
  about: Description & { default: readonly string[]; example: string },
) {
  const item = z.string().min(1).max(1024);
  return declare(
    z
      .array(item)
      .max(1000)
      .prefault([...about.default]),
    about,
    {
      key,
      kind: 'list',
      expected: 'a list of texts (at most 1,000)',
      example: about.example,
      defaultValue: about.default,
    },
  );
}

/** A short text with a default. */
export function text(key: string, about: Description & { default: string }) {
  return declare(z.string().min(1).max(256).prefault(about.default), about, {
    key,
    kind: 'text',
    expected: 'a text of 1 to 256 characters',
    example: JSON.stringify(about.default),
    defaultValue: about.default,
  });
}

/** A short text that is absent unless given. */
export function optionalText(
  key: string,
  about: Description & { derived: string; example: string },
) {
  return declare(z.string().min(1).max(256).optional(), about, {
    key,
    kind: 'text',
    expected: 'a text of 1 to 256 characters',
    example: JSON.stringify(about.example),
    derived: about.derived,
  });
}

/** A name without spaces and plus signs that is made by the program unless given. */
export function optionalName(
  key: string,
  about: Description & { derived: string; example: string },
) {
  const schema = z
    .string()
    .regex(/^[^\s+]{1,200}$/u)
    .optional();
  return declare(schema, about, {
    key,
    kind: 'text',
    expected: 'a name of 1 to 200 characters without spaces and +',
    example: JSON.stringify(about.example),
    derived: about.derived,
  });
}

/** A file or folder that is chosen by the program unless given. */
export function optionalPath(
  key: string,
  about: Description & { derived: string; example: string },
) {
  const schema = z
    .string()
    .min(1)
    .max(4096)
    .regex(/^[^\0]*$/)
    .optional();
  return declare(schema, about, {
    key,
    kind: 'path',
    expected: 'a path',
    example: JSON.stringify(about.example),
    derived: about.derived,
  });
}

function amount(parse: (written: string) => number | undefined, written: string): number {
  const value = parse(written);
  if (value === undefined) throw new Error(`The declared bound "${written}" is not an amount.`);
  return value;
}
