import { z } from 'zod';
import type { JsonValue } from './json-value.ts';
import type { PackedValue } from './msgpack-decode.ts';
import { MessagePackWriter } from './msgpack-encode.ts';
import { jsonFromPacked } from './packed-json.ts';
import { uuidFromBytes } from './uuid.ts';
import { uuid } from './wire-types.ts';

/** How a value of a schema stands on the wire: what the codec must know beyond the value itself. */
export type Plan =
  | { readonly kind: 'struct'; readonly fields: readonly Field[] }
  | { readonly kind: 'list'; readonly item: Plan }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'json' }
  | { readonly kind: 'plain' };

interface Field {
  readonly name: string;
  /** The name as MessagePack. */
  readonly key: Uint8Array;
  readonly plan: Plan;
}

const keyWriter = new MessagePackWriter();
const PLAIN: Plan = { kind: 'plain' };

/** Derives the plan from a schema: field order is the order of the object's keys. */
export function planOf(schema: unknown): Plan {
  if (schema === uuid) return { kind: 'uuid' };
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return planOf(schema.unwrap());
  }
  if (schema instanceof z.ZodArray) return { kind: 'list', item: planOf(schema.element) };
  if (schema instanceof z.ZodCustom) return { kind: 'json' };
  if (!(schema instanceof z.ZodObject)) return PLAIN;
  const shape = schema.shape as Record<string, unknown>;
  const fields = Object.keys(shape).map((name) => {
    return { name, key: encodedKey(name), plan: planOf(shape[name]) };
  });
  return { kind: 'struct', fields };
}

/**
 * Brings what was decoded into the form the schema checks: structs written as arrays become objects,
 * UUIDs text, and JSON values free of what JSON cannot say. Values of another type are left for the
 * schema to refuse.
 */
export function normalise(plan: Plan, value: PackedValue): unknown {
  switch (plan.kind) {
    case 'struct':
      return Array.isArray(value) ? structFromList(plan.fields, value) : struct(plan.fields, value);
    case 'list':
      return Array.isArray(value) ? value.map((item) => normalise(plan.item, item)) : value;
    case 'uuid':
      return value instanceof Uint8Array && value.length === 16 ? uuidFromBytes(value) : value;
    case 'json':
      return jsonFromPacked(value);
    case 'plain':
      return value;
  }
}

/** Writes a checked value in named form: known fields in the order of the schema, no others. */
export function writePlanned(writer: MessagePackWriter, plan: Plan, value: unknown): void {
  if (value === null) return writer.nil();
  switch (plan.kind) {
    case 'struct': {
      const map = value as Record<string, unknown>;
      let present = 0;
      for (const { name } of plan.fields) if (map[name] !== undefined) present++;
      writer.mapHead(present);
      for (const field of plan.fields) {
        const item = map[field.name];
        if (item === undefined) continue;
        writer.encoded(field.key);
        writePlanned(writer, field.plan, item);
      }
      return;
    }
    case 'list': {
      const list = value as readonly unknown[];
      writer.listHead(list.length);
      for (const item of list) writePlanned(writer, plan.item, item);
      return;
    }
    case 'uuid':
      return writer.uuid(value as string);
    case 'json':
    case 'plain':
      return writer.value(value as PackedValue);
  }
}

/** The value with the known fields only, in the order of the schema, to be written as JSON. */
export function inOrder(plan: Plan, value: unknown): JsonValue {
  if (value === null) return null;
  if (plan.kind === 'list') return (value as unknown[]).map((item) => inOrder(plan.item, item));
  if (plan.kind !== 'struct') return value as JsonValue;
  const map = value as Record<string, unknown>;
  const ordered: Record<string, JsonValue> = {};
  for (const { name, plan: fieldPlan } of plan.fields) {
    if (map[name] !== undefined) ordered[name] = inOrder(fieldPlan, map[name]);
  }
  return ordered;
}

function encodedKey(name: string): Uint8Array {
  keyWriter.string(name);
  return keyWriter.take();
}

/** Fields that are missing at the end stay absent; more than are known are ignored. */
function structFromList(fields: readonly Field[], list: PackedValue[]): unknown {
  const map: Record<string, unknown> = {};
  for (const [index, { name, plan }] of fields.entries()) {
    if (index < list.length) map[name] = normalise(plan, list[index] as PackedValue);
  }
  return map;
}

function struct(fields: readonly Field[], value: PackedValue): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const source = value as Record<string, PackedValue>;
  const map: Record<string, unknown> = {};
  for (const { name, plan } of fields) {
    if (Object.hasOwn(source, name)) map[name] = normalise(plan, source[name] as PackedValue);
  }
  return map;
}
