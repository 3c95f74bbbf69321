/** What became of a run: `at` is the offset behind the object, of the byte that does not fit, or the end. */
export interface MachineRun {
  readonly outcome: 'complete' | 'violation' | 'open';
  readonly at: number;
}

/** Deeper than any log entry is; guards against lines of nothing but brackets. */
const DEPTH_LIMIT = 64;

type Expectation =
  | 'value'
  | 'value or ]'
  | 'key'
  | 'key or }'
  | 'colon'
  | 'comma or end'
  | 'string'
  | 'escape'
  | 'hex'
  | 'word'
  | 'minus'
  | 'zero'
  | 'integer'
  | 'point'
  | 'fraction'
  | 'exponent'
  | 'exponent sign'
  | 'exponent digits';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const POINT = 0x2e;
const WORDS: ReadonlyMap<number, string> = new Map([
  [0x74, 'rue'],
  [0x66, 'alse'],
  [0x6e, 'ull'],
]);
const ESCAPED = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));

/**
 * Reads the bytes of one JSON object (RFC 8259) in as many pieces as they come, and says at which byte they stop
 * being one. A copy goes on from the same place with other bytes: that is how the halves of a torn object are tried.
 */
export class JsonMachine {
  #expects: Expectation = 'value';
  /** The brackets that are open, outermost first. */
  #open: number[] = [];
  /** Where each open bracket stands in its piece. */
  #starts: number[] = [];
  #isKey = false;
  #hexLeft = 0;
  #wordLeft = '';
  /** Where the object that was closed last begins in this piece; -1 when that was in an earlier one. */
  lastClosedStart = -1;

  /** In the middle of a text, where a space is a space. */
  get isInText(): boolean {
    return this.#expects === 'string';
  }

  clone(): JsonMachine {
    const copy = new JsonMachine();
    copy.#expects = this.#expects;
    copy.#open = [...this.#open];
    copy.#starts = this.#starts.map(() => -1);
    copy.#isKey = this.#isKey;
    copy.#hexLeft = this.#hexLeft;
    copy.#wordLeft = this.#wordLeft;
    return copy;
  }

  /** Reads on from `start`, at most to `end`. */
  run(bytes: Uint8Array, start: number, end: number): MachineRun {
    for (let at = start; at < end; at++) {
      if (!this.#take(bytes[at] as number, at)) return { outcome: 'violation', at };
      if (this.#open.length === 0) return { outcome: 'complete', at: at + 1 };
    }
    return { outcome: 'open', at: end };
  }

  #take(byte: number, at: number): boolean {
    switch (this.#expects) {
      case 'string':
        return this.#inString(byte);
      case 'escape':
        return this.#escaped(byte);
      case 'hex':
        if (!isHex(byte)) return false;
        if (--this.#hexLeft === 0) this.#expects = 'string';
        return true;
      case 'word':
        if (byte !== this.#wordLeft.charCodeAt(0)) return false;
        this.#wordLeft = this.#wordLeft.slice(1);
        if (this.#wordLeft === '') this.#expects = 'comma or end';
        return true;
      case 'value':
      case 'value or ]':
        return this.#value(byte, at);
      case 'key':
      case 'key or }':
        return this.#key(byte);
      case 'colon':
        if (isSpace(byte)) return true;
        this.#expects = 'value';
        return byte === COLON;
      case 'comma or end':
        return this.#behindValue(byte);
      default:
        return this.#number(byte);
    }
  }

  #inString(byte: number): boolean {
    if (byte === BACKSLASH) this.#expects = 'escape';
    else if (byte === QUOTE) this.#expects = this.#isKey ? 'colon' : 'comma or end';
    return byte >= 0x20;
  }

  #escaped(byte: number): boolean {
    if (byte === 0x75) {
      this.#expects = 'hex';
      this.#hexLeft = 4;
      return true;
    }
    this.#expects = 'string';
    return ESCAPED.has(byte);
  }

  #value(byte: number, at: number): boolean {
    if (isSpace(byte)) return true;
    // The outermost value is an object, or it is not ours.
    if (this.#open.length === 0 && byte !== OPEN_OBJECT) return false;
    if (byte === CLOSE_LIST && this.#expects === 'value or ]') return this.#close(byte);
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) return this.#openBracket(byte, at);
    if (byte === QUOTE) return this.#startString(false);
    if (byte === MINUS) this.#expects = 'minus';
    else if (byte === ZERO) this.#expects = 'zero';
    else if (isDigit(byte)) this.#expects = 'integer';
    else {
      this.#wordLeft = WORDS.get(byte) ?? '';
      this.#expects = 'word';
      return this.#wordLeft !== '';
    }
    return true;
  }

  #key(byte: number): boolean {
    if (isSpace(byte)) return true;
    if (byte === QUOTE) return this.#startString(true);
    return byte === CLOSE_OBJECT && this.#expects === 'key or }' && this.#close(byte);
  }

  #startString(isKey: boolean): boolean {
    this.#isKey = isKey;
    this.#expects = 'string';
    return true;
  }

  #behindValue(byte: number): boolean {
    if (isSpace(byte)) return true;
    if (byte !== COMMA) return this.#close(byte);
    this.#expects = this.#open.at(-1) === OPEN_OBJECT ? 'key' : 'value';
    return true;
  }

  #openBracket(byte: number, at: number): boolean {
    if (this.#open.length === DEPTH_LIMIT) return false;
    this.#open.push(byte);
    this.#starts.push(at);
    this.#expects = byte === OPEN_OBJECT ? 'key or }' : 'value or ]';
    return true;
  }

  #close(byte: number): boolean {
    const open = this.#open.at(-1);
    // Each closing bracket is two behind its opening one in ASCII.
    if (open === undefined || byte !== open + 2) return false;
    this.#open.pop();
    this.lastClosedStart = this.#starts.pop() ?? -1;
    this.#expects = 'comma or end';
    return true;
  }

  /** RFC 8259 section 6; what ends a number is a byte behind a value. */
  #number(byte: number): boolean {
    const next = this.#nextInNumber(byte);
    if (next !== undefined) {
      this.#expects = next;
      return true;
    }
    const mayEnd = ['zero', 'integer', 'fraction', 'exponent digits'].includes(this.#expects);
    if (mayEnd) this.#expects = 'comma or end';
    return mayEnd && this.#behindValue(byte);
  }

  #nextInNumber(byte: number): Expectation | undefined {
    const isExponent = byte === 0x65 || byte === 0x45;
    const expects = this.#expects;
    if (expects === 'minus') return byte === ZERO ? 'zero' : isDigit(byte) ? 'integer' : undefined;
    if (expects === 'zero' || expects === 'integer') {
      if (byte === POINT) return 'point';
      if (isExponent) return 'exponent';
      return expects === 'integer' && isDigit(byte) ? 'integer' : undefined;
    }
    if (expects === 'point') return isDigit(byte) ? 'fraction' : undefined;
    if (expects === 'fraction' && isExponent) return 'exponent';
    if (expects === 'fraction') return isDigit(byte) ? 'fraction' : undefined;
    if (expects === 'exponent' && (byte === MINUS || byte === 0x2b)) return 'exponent sign';
    return isDigit(byte) ? 'exponent digits' : undefined;
  }
}

/** The offset of the next byte that is no white space of JSON. */
export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(bytes[at] as number)) at++;
  return at;
}

/** How the bytes at an offset could begin an object. */
export type Beginning =
  /** A brace, a key, a colon. */
  | 'object'
  /** A brace and a piece of a key, up to the end of the line or to another object: torn early. */
  | 'torn'
  /** A brace without a key may be part of a text. */
  | 'none'
  /** The bytes end before it can be said. */
  | 'unknown';

/** `isWhole`: the line ends at `end`; otherwise only its reading does. */
export function beginningAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  isWhole: boolean,
): Beginning {
  if (start >= end || bytes[start] !== OPEN_OBJECT) return 'none';
  if (hasKey(bytes, start, end)) return 'object';
  let at = skipSpace(bytes, start + 1, end);
  if (bytes[at] === QUOTE) {
    at++;
    while (at < end && isNamePart(bytes[at] as number)) at++;
    if (bytes[at] === QUOTE) at = skipSpace(bytes, at + 1, end);
  }
  if (at >= end) return isWhole ? 'torn' : 'unknown';
  if (hasKey(bytes, at, end)) return 'torn';
  return isWhole || bytes.indexOf(QUOTE, at) !== -1 ? 'none' : 'unknown';
}

/** Whether a brace, a key and a colon stand here. */
function hasKey(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== OPEN_OBJECT) return false;
  let at = skipSpace(bytes, start + 1, end);
  if (bytes[at] !== QUOTE) return false;
  for (at++; at < end && bytes[at] !== QUOTE; at++) {
    if ((bytes[at] as number) < 0x20) return false;
    if (bytes[at] === BACKSLASH) at++;
  }
  return bytes[skipSpace(bytes, at + 1, end)] === COLON;
}

/** What usual keys are made of. */
function isNamePart(byte: number): boolean {
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return (
    isLetter || isDigit(byte) || byte === 0x5f || byte === MINUS || byte === POINT || byte === 0x40
  );
}

/** Where a brace stands directly before a quote that stands directly before `end`; -1 when it does not. */
export function braceBeforeQuote(bytes: Uint8Array, start: number, end: number): number {
  let at = end - 1;
  if (at < start || bytes[at] !== QUOTE) return -1;
  do at--;
  while (at >= start && isSpace(bytes[at] as number));
  return at >= start && bytes[at] === OPEN_OBJECT ? at : -1;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
