import { setKey } from './json-value.ts';
import type { JsonValue } from './json-value.ts';
import { FIELD_LIMITS } from './limits.ts';

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const FIRST_I64 = -(2n ** 63n);
const LAST_U64 = 2n ** 64n - 1n;
/** More than stored or received text can have; guards the stack of whoever parses other text. */
const DEPTH_LIMIT = 256;

/**
 * Parses JSON text exactly: integers of 64 bits beyond 2^53 become bigint (larger ones a double, as
 * Rust's serde_json does), lone surrogates become U+FFFD. Throws SyntaxError.
 */
export function parseJsonText(text: string): JsonValue {
  const parser = new ExactParser(text);
  return parser.document();
}

/** Writes a value as JSON text: bigint as digits, what is no finite number as null. */
export function stringifyJson(value: JsonValue): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON.stringify refuses bigint.
    if (error instanceof TypeError) return stringifyExact(value);
    throw error;
  }
}

/** Whether a value may be stored as metadata. */
export function isWithinMetadataLimit(value: JsonValue): boolean {
  return isTextWithinLimit(stringifyJson(value), FIELD_LIMITS.metadata);
}

/** Whether the text has at most so many bytes in UTF-8. */
export function isTextWithinLimit(text: string, limitBytes: number): boolean {
  return text.length * 3 <= limitBytes || Buffer.byteLength(text) <= limitBytes;
}

/** U+FFFD in place of each surrogate that has no partner. */
function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATES, '\ufffd');
}

/** An integer literal as exactly as it can be held. */
function integerFromDigits(digits: string): number | bigint {
  const value = Number(digits);
  if (Number.isSafeInteger(value) || digits.length > 20) return value;
  const exact = BigInt(digits);
  return exact >= FIRST_I64 && exact <= LAST_U64 ? exact : value;
}

function stringifyExact(value: JsonValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(stringifyExact).join(',')}]`;
  const pairs: string[] = [];
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item !== undefined) pairs.push(`${JSON.stringify(key)}:${stringifyExact(item)}`);
  }
  return `{${pairs.join(',')}}`;
}

class ExactParser {
  readonly #text: string;
  #offset = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value();
    if (this.#next() !== '') throw this.#unexpected();
    return value;
  }

  #value(): JsonValue {
    const next = this.#next();
    if (next === '{') return this.#nested(() => this.#map());
    if (next === '[') return this.#nested(() => this.#list());
    if (next === '"') return this.#string();
    if (this.#takes('null')) return null;
    if (this.#takes('true')) return true;
    if (this.#takes('false')) return false;
    return this.#number();
  }

  #nested<Value>(read: () => Value): Value {
    if (++this.#depth > DEPTH_LIMIT) throw new SyntaxError('JSON is nested too deep');
    this.#offset++;
    const value = read();
    this.#depth--;
    return value;
  }

  #map(): JsonValue {
    const map: Record<string, JsonValue> = {};
    if (this.#closes('}')) return map;
    do {
      if (this.#next() !== '"') throw this.#unexpected();
      const key = this.#string();
      if (this.#next() !== ':') throw this.#unexpected();
      this.#offset++;
      setKey(map, key, this.#value());
    } while (this.#continues('}'));
    return map;
  }

  #list(): JsonValue {
    const list: JsonValue[] = [];
    if (this.#closes(']')) return list;
    do list.push(this.#value());
    while (this.#continues(']'));
    return list;
  }

  #string(): string {
    const start = this.#offset;
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') {
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    this.#offset = end + 1;
    return wellFormed(JSON.parse(this.#text.slice(start, this.#offset)) as string);
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#offset;
    const literal = NUMBER.exec(this.#text)?.[0];
    if (literal === undefined) throw this.#unexpected();
    this.#offset += literal.length;
    return /^-?[0-9]+$/.test(literal) ? integerFromDigits(literal) : Number(literal);
  }

  #takes(word: string): boolean {
    const isThere = this.#text.startsWith(word, this.#offset);
    if (isThere) this.#offset += word.length;
    return isThere;
  }

  #closes(bracket: string): boolean {
    if (this.#next() !== bracket) return false;
    this.#offset++;
    return true;
  }

  #continues(bracket: string): boolean {
    if (this.#closes(bracket)) return false;
    if (this.#next() !== ',') throw this.#unexpected();
    this.#offset++;
    return true;
  }

  /** The next character that is no space; empty at the end. */
  #next(): string {
    SPACE.lastIndex = this.#offset;
    SPACE.test(this.#text);
    this.#offset = SPACE.lastIndex;
    return this.#text[this.#offset] ?? '';
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`unexpected text at position ${this.#offset}`);
  }
}
