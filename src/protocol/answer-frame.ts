import type { WireFormat } from './frame.ts';
import { stringifyJson } from './json-text.ts';
import type { PackedValue } from './msgpack-decode.ts';
import { MessagePackWriter } from './msgpack-encode.ts';
import { formatRfc3339 } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';
import { uuidFromBytes, uuidToBytes } from './uuid.ts';

/** An answer that needs no schema to be encoded: its body is written as it is, absent fields left out. */
export interface BareAnswer {
  /** UUID of the answer itself, as text or as 16 bytes. */
  readonly id: string | Uint8Array;
  readonly timestamp: Timestamp;
  /** UUID of the message that is answered; null when that could not be read so far. */
  readonly requestId: string | Uint8Array | null;
  readonly kind: 'Acknowledgment' | 'Error';
  /** The fields in the order of their schema, `request_id` among them in its place. */
  body(requestId: PackedValue): Readonly<Record<string, unknown>>;
}

const PREFIX_BYTES = 4;
const writer = new MessagePackWriter();

/** The whole frame, byte for byte as `encodeMessage` makes it, for threads that load no schemas. */
export function encodeBareAnswer(
  { id, timestamp, requestId, kind, body }: BareAnswer,
  format: WireFormat,
): Buffer {
  const time = formatRfc3339(timestamp);
  if (format === 'json') {
    const payload = { [kind]: body(requestId && asText(requestId)) };
    const text = stringifyJson({ id: asText(id), timestamp: time, payload } as never);
    return Buffer.from(`${text}\n`);
  }
  const payload = { [kind]: body(requestId && asBytes(requestId)) };
  writer.clear();
  writer.value({ id: asBytes(id), timestamp: time, payload } as never);
  const frame = writer.take(PREFIX_BYTES);
  frame.writeUInt32LE(frame.length - PREFIX_BYTES, 0);
  return frame;
}

export function asBytes(id: string | Uint8Array): Uint8Array {
  return typeof id === 'string' ? uuidToBytes(id) : id;
}

function asText(id: string | Uint8Array): string {
  return typeof id === 'string' ? id : uuidFromBytes(id);
}
