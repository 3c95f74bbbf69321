import { setKey } from './json-value.ts';
import type { JsonValue } from './json-value.ts';
import type { PackedValue } from './msgpack-decode.ts';

/** What JSON can say of a decoded value: binary as base64 text, floats that are no number as null. */
export function jsonFromPacked(value: PackedValue): JsonValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return base64(value);
  if (Array.isArray(value)) return value.map(jsonFromPacked);
  const map: Record<string, JsonValue> = {};
  for (const key of Object.keys(value)) setKey(map, key, jsonFromPacked(value[key] as PackedValue));
  return map;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
