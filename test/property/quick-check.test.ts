import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MESSAGES } from '#codi/protocol/messages.js';
import type { PackedValue } from '#codi/protocol/msgpack-decode.js';
import { normalise, planOf } from '#codi/protocol/plan.js';
import { quickCheckOf, UNSURE } from '#codi/protocol/quick-check.js';
import { anyText, count, flag, json, time, uuid } from '#codi/protocol/wire-types.js';
import { anyPacked, anyText as anyString } from '../support/packed-values.ts';

type Values = fc.Arbitrary<unknown>;

const LEAVES = new Map<unknown, Values>([
  [uuid, fc.oneof(fc.uuid(), fc.uint8Array({ minLength: 16, maxLength: 16 }))],
  [count, fc.oneof(fc.nat(), fc.constantFrom(-0, -1, 0.5, 2 ** 53, 2 ** 53 - 1))],
  [time, fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123456789+02:00', 'today')],
  [anyText, anyString],
  [flag, fc.boolean()],
  [json, anyPacked],
]);

/** Not bytes: a schema takes them for a struct that needs no field, and there the quick check asks the schema. */
const wild = anyPacked.filter((value) => !(value instanceof Uint8Array));

/** Values as they come from the decoder, valid ones nearly always. */
function valuesOf(schema: unknown): Values {
  return fc.oneof(
    { weight: 60, arbitrary: LEAVES.get(schema) ?? validOf(schema) },
    { weight: 1, arbitrary: wild },
  );
}

function validOf(schema: unknown): Values {
  if (schema instanceof z.ZodOptional) return valuesOf(schema.unwrap());
  if (schema instanceof z.ZodNullable) return fc.option(valuesOf(schema.unwrap()));
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodArray) return fc.array(valuesOf(schema.element), { maxLength: 3 });
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(valuesOf));
  if (schema instanceof z.ZodNumber) return fc.integer({ min: 0, max: 10_000 });
  if (schema instanceof z.ZodString) return fc.constantFrom('logs', 'a name', 'x'.repeat(300));
  return schema instanceof z.ZodObject ? structsOf(schema) : anyPacked;
}

/** In both forms; now and then with a field too few or too many. */
function structsOf(schema: z.ZodObject): Values {
  const fields = Object.entries(schema.shape);
  const optional = fields.filter(([, of]) => of instanceof z.ZodOptional).map(([name]) => name);
  const required = fields.map(([name]) => name).filter((name) => !optional.includes(name));
  const models = Object.fromEntries(fields.map(([name, of]) => [name, valuesOf(of)]));
  const named = fc.record(models, { requiredKeys: required });
  const listed = fc
    .tuple(fc.tuple(...fields.map(([, of]) => valuesOf(of))), fc.nat(2))
    .map(([list, less]) => list.slice(0, Math.max(0, list.length - less)));
  const more = fc.record({ ...models, unheard_of: anyPacked }, { requiredKeys: [] });
  return fc.oneof(
    { weight: 10, arbitrary: named },
    { weight: 5, arbitrary: listed },
    { weight: 1, arbitrary: more },
  );
}

describe('a quick check', () => {
  for (const [kind, schema] of Object.entries(MESSAGES)) {
    it(`takes of ${kind} what its schema takes, as the schema gives it, and nothing else`, () => {
      const check = quickCheckOf(schema);
      const plan = planOf(schema);
      fc.assert(
        fc.property(valuesOf(schema), (value) => {
          const expected = schema.safeParse(normalise(plan, value as PackedValue));
          const quick = check(value as PackedValue);
          expect(isDeepStrictEqual(quick, expected.success ? expected.data : UNSURE)).toBe(true);
        }),
        { numRuns: 100 },
      );
    });
  }
});
