import { parseJsonText } from '../../protocol/json-text.ts';
import type { JsonValue } from '../../protocol/json-value.ts';
import type { JsonObject } from './read-event.ts';

/** Text that JSON.parse would change: integers beyond 2^53, surrogates without a partner. */
const NEEDS_EXACT_PARSER = /[0-9]{16}|\\u[dD]/;
const DEPTH_LIMIT = 256;

/** The object that the bytes are; undefined when they are anything else. */
export function parseObject(bytes: Uint8Array): JsonObject | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  try {
    const value = JSON.parse(text) as JsonValue;
    if (!isObject(value)) return undefined;
    return NEEDS_EXACT_PARSER.test(text) && isShallow(value, DEPTH_LIMIT)
      ? (parseJsonText(text) as JsonObject)
      : value;
  } catch {
    return undefined;
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether nothing in the value is nested deeper. */
function isShallow(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  return Object.values(value).every((item) => isShallow(item, levels - 1));
}
