const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const HYPHEN = '-'.charCodeAt(0);
/** Whether there is a hyphen before the digits of this byte. */
const isBehindHyphen = (index: number) => index === 4 || index === 6 || index === 8 || index === 10;

/** Char codes of the two digits of each byte. */
const HIGH = new Uint8Array(256);
const LOW = new Uint8Array(256);
/** What a char code stands for, -1 when it is no digit. */
const DIGIT = new Int8Array(128).fill(-1);
for (let byte = 0; byte < 256; byte++) {
  const text = byte.toString(16).padStart(2, '0');
  HIGH[byte] = text.charCodeAt(0);
  LOW[byte] = text.charCodeAt(1);
  if (byte >= 16) continue;
  DIGIT[text.charCodeAt(1)] = byte;
  DIGIT[text.toUpperCase().charCodeAt(1)] = byte;
}
/** A text that is being written; shared, since nothing here awaits. */
const written = Buffer.alloc(36, HYPHEN);

/** Whether the text is a UUID with hyphens, in either case (RFC 9562, section 4). */
export function isUuid(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}

/** The canonical text (lower case, hyphens) of the 16 bytes at `offset`. */
export function uuidFromBytes(bytes: Uint8Array, offset = 0): string {
  let at = 0;
  for (let index = 0; index < 16; index++) {
    if (isBehindHyphen(index)) at++;
    const byte = bytes[offset + index] as number;
    written[at++] = HIGH[byte] as number;
    written[at++] = LOW[byte] as number;
  }
  return written.toString('latin1');
}

/** The 16 bytes of a UUID. The text must be one: check with `isUuid` what comes from outside. */
export function uuidToBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  writeUuid(text, bytes, 0);
  return bytes;
}

/** The same into `target`. */
export function writeUuid(text: string, target: Uint8Array, offset: number): void {
  // Negative as soon as something is not where it stands in a UUID.
  let digits = text.length === 36 ? 0 : -1;
  let at = 0;
  for (let index = 0; index < 16; index++) {
    if (isBehindHyphen(index) && text.charCodeAt(at++) !== HYPHEN) digits = -1;
    const high = digitOf(text.charCodeAt(at++));
    const low = digitOf(text.charCodeAt(at++));
    digits |= high | low;
    target[offset + index] = (high << 4) | low;
  }
  if (digits < 0) target.set(withoutHyphens(text), offset);
}

function withoutHyphens(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new TypeError(`not a UUID: ${text}`);
  return bytes;
}

function digitOf(code: number): number {
  return DIGIT[code] ?? -1;
}
