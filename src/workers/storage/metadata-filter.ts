import { stringifyJson } from '../../protocol/json-text.ts';
import type { JsonValue } from '../../protocol/json-value.ts';
import type { Conditions } from './sql-conditions.ts';

/** Longer dotted keys are taken as one key only: metadata is not nested deeper than messages may be. */
const PATH_KEYS_MAX = 32;
const INDEX = /^(0|[1-9]\d{0,5})$/;

/**
 * Every key must be there with this value. A key with dots is that key, or a path of keys and list places.
 * Unless types count, 42 and "42" are the same: a command line cannot say which it means.
 */
export function addMetadata(conditions: Conditions, filter: JsonValue, isTyped: boolean): void {
  for (const [key, value] of Object.entries(filter as Record<string, JsonValue>)) {
    const wanted = textsOf(value, isTyped);
    const marks = wanted.map(() => '?').join(', ');
    const paths = pathsOf(key);
    const values = paths.flatMap((path) => [path, ...wanted]);
    const sql = paths.map(() => `metadata -> ? IN (${marks})`).join(' OR ');
    conditions.add(`instr(metadata, ?) > 0 AND (${sql})`, traceOf(key), ...values);
  }
}

/** The value as JSON text, which is what `->` gives; metadata is stored as stringifyJson writes it. */
function textsOf(value: JsonValue, isTyped: boolean): string[] {
  const text = stringifyJson(value);
  if (isTyped) return [text];
  const plain = typeof value === 'string' ? value : text;
  return [plain, stringifyJson(plain)];
}

/** Text that metadata with this key contains: most rows do not, and looking is far cheaper than parsing. */
function traceOf(key: string): string {
  const last = key.slice(key.lastIndexOf('.') + 1);
  if (last === key) return stringifyJson(key);
  return INDEX.test(last) ? '' : stringifyJson(last).slice(1);
}

/** Ways to read a key, as SQLite's JSON paths (sqlite.org/json1.html, "PATH arguments"). */
function pathsOf(key: string): string[] {
  const whole = `$.${quoted(key)}`;
  const keys = key.split('.');
  const isPath =
    keys.length > 1 && keys.length <= PATH_KEYS_MAX && keys.every((part) => part !== '');
  if (!isPath) return [whole];
  const nested = `$${keys.map((part) => `.${quoted(part)}`).join('')}`;
  const indexed = `$${keys.map((part) => (INDEX.test(part) ? `[${part}]` : `.${quoted(part)}`)).join('')}`;
  return indexed === nested ? [whole, nested] : [whole, nested, indexed];
}

function quoted(key: string): string {
  return stringifyJson(key);
}
