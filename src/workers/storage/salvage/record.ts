/** SQLite's record format (sqlite.org/fileformat2.html, section 2.1): what a cell's payload holds. */

export type CellValue = null | number | bigint | string | Buffer;

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** A varint at an offset; undefined where the bytes end before it does, or when it is no safe number. */
export function readVarint(
  bytes: Buffer,
  at: number,
): { value: number; bytes: number } | undefined {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, bytes: index + 1 } : undefined;
  }
  // Nine bytes are numbers that none of ours is.
  return undefined;
}

/** Serial types of a record, and where its values begin; undefined when the header makes no sense. */
export function readTypes(
  payload: Buffer,
  at = 0,
  columnsMax = 32,
): { types: number[]; start: number; bytes: number } | undefined {
  const header = readVarint(payload, at);
  if (!header || header.value < 2 || header.value > columnsMax * 4) return undefined;
  const end = at + header.value;
  const types: number[] = [];
  let bytes = header.value;
  for (let next = at + header.bytes; next < end;) {
    const type = readVarint(payload, next);
    if (!type || types.length === columnsMax || type.value === 10 || type.value === 11)
      return undefined;
    types.push(type.value);
    bytes += valueBytes(type.value);
    next += type.bytes;
    if (next > end) return undefined;
  }
  return { types, start: end, bytes };
}

/** The values of a whole record; undefined when it is none. */
export function readRecord(payload: Buffer): CellValue[] | undefined {
  const head = readTypes(payload);
  if (!head || head.bytes !== payload.length) return undefined;
  let at = head.start;
  return head.types.map((type) => {
    const value = readValue(payload, at, type);
    at += valueBytes(type);
    return value;
  });
}

function valueBytes(type: number): number {
  if (type >= 12) return (type - (type % 2 === 0 ? 12 : 13)) / 2;
  return type === 5 ? 6 : type === 6 || type === 7 ? 8 : type <= 4 ? type : 0;
}

function readValue(bytes: Buffer, at: number, type: number): CellValue {
  switch (type) {
    case 0:
      return null;
    case 6: {
      const value = bytes.readBigInt64BE(at);
      return value >= -MAX_SAFE && value <= MAX_SAFE ? Number(value) : value;
    }
    case 7:
      return bytes.readDoubleBE(at);
    case 8:
      return 0;
    case 9:
      return 1;
    default:
      if (type < 6) return bytes.readIntBE(at, valueBytes(type));
      if (type % 2 === 0) return Buffer.from(bytes.subarray(at, at + valueBytes(type)));
      return bytes.toString('utf8', at, at + valueBytes(type));
  }
}
