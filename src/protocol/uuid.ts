const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** Whether the text is a UUID with hyphens, in either case (RFC 9562, section 4). */
export function isUuid(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}

/** The canonical text (lower case, hyphens) of the 16 bytes at `offset`. */
export function uuidFromBytes(bytes: Uint8Array, offset = 0): string {
  let text = '';
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += HEX[bytes[offset + index] as number];
  }
  return text;
}

/** The 16 bytes of a UUID. The text must be one: check with `isUuid` what comes from outside. */
export function uuidToBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new TypeError(`not a UUID: ${text}`);
  return bytes;
}
