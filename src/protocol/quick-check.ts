import { z } from 'zod';
import type { PackedValue } from './msgpack-decode.ts';
import { jsonFromPacked } from './packed-json.ts';
import { normalise, planOf } from './plan.ts';
import { parseRfc3339 } from './timestamp.ts';
import { isUuid, uuidFromBytes } from './uuid.ts';
import { anyText, count, flag, json, time, uuid } from './wire-types.ts';

/** The value is not plainly valid: the schema itself has to say what is wrong with it, if anything is. */
export const UNSURE = Symbol('unsure');

/** Gives the checked value, as the schema would, or UNSURE. */
export type QuickCheck = (value: PackedValue) => unknown;

const LEAVES = new Map<unknown, QuickCheck>([
  [anyText, (value) => (typeof value === 'string' ? value : UNSURE)],
  [flag, (value) => (typeof value === 'boolean' ? value : UNSURE)],
  [count, (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? value : UNSURE)],
  [uuid, quickUuid],
  [time, (value) => (typeof value === 'string' && parseRfc3339(value) ? value : UNSURE)],
  [json, jsonFromPacked],
]);

/**
 * Makes a check from a schema that takes decoded values in either form, in one pass, a fifth of the schema's own time.
 * It knows the types most messages are made of, and asks the schema about every other part.
 */
export function quickCheckOf(schema: unknown): QuickCheck {
  const leaf = LEAVES.get(schema);
  if (leaf) return leaf;
  if (schema instanceof z.ZodOptional) return quickCheckOf(schema.unwrap());
  if (schema instanceof z.ZodNullable) {
    const inner = quickCheckOf(schema.unwrap());
    return (value) => (value === null ? null : inner(value));
  }
  if (schema instanceof z.ZodEnum) {
    const options = new Set<unknown>(schema.options);
    return (value) => (options.has(value) ? value : UNSURE);
  }
  const isPlain = schema instanceof z.ZodType && !schema.def.checks?.length;
  if (isPlain && schema instanceof z.ZodArray) return quickList(quickCheckOf(schema.element));
  if (isPlain && schema instanceof z.ZodObject && !schema.def.catchall) return quickStruct(schema);
  return asked(schema as z.ZodType);
}

function asked(schema: z.ZodType): QuickCheck {
  const plan = planOf(schema);
  return (value) => {
    const result = schema.safeParse(normalise(plan, value));
    return result.success ? result.data : UNSURE;
  };
}

function quickUuid(value: PackedValue): unknown {
  if (typeof value === 'string') return isUuid(value) ? value.toLowerCase() : UNSURE;
  return value instanceof Uint8Array && value.length === 16 ? uuidFromBytes(value) : UNSURE;
}

function quickList(item: QuickCheck): QuickCheck {
  return (value) => {
    if (!Array.isArray(value)) return UNSURE;
    const list: unknown[] = [];
    for (const one of value) {
      const checked = item(one);
      if (checked === UNSURE) return UNSURE;
      list.push(checked);
    }
    return list;
  };
}

interface Field {
  name: string;
  check: QuickCheck;
  isNeeded: boolean;
}

function quickStruct(schema: z.ZodObject): QuickCheck {
  // No field is called like what every object has, so that `source[name]` is its own.
  const fields: Field[] = Object.entries(schema.shape).map(([name, of]) => ({
    name,
    check: quickCheckOf(of),
    isNeeded: !(of instanceof z.ZodOptional),
  }));
  return (value) => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return UNSURE;
    const source = Array.isArray(value) ? undefined : value;
    const list = Array.isArray(value) ? value : [];
    const struct: Record<string, unknown> = {};
    for (let index = 0; index < fields.length; index++) {
      const { name, check, isNeeded } = fields[index] as Field;
      const item = source ? source[name] : list[index];
      if (item === undefined) {
        if (isNeeded) return UNSURE;
        continue;
      }
      const checked = check(item);
      if (checked === UNSURE) return UNSURE;
      struct[name] = checked;
    }
    return struct;
  };
}
