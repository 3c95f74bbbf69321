import type { RejectedEntry } from './entry.ts';
import type { WireFormat } from './frame.ts';
import { stringifyJson } from './json-text.ts';
import type { PackedValue } from './msgpack-decode.ts';
import { MessagePackWriter } from './msgpack-encode.ts';
import { formatRfc3339 } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';
import { uuidFromBytes, uuidToBytes } from './uuid.ts';

/** The final (or early) answer to one message. */
export interface Acknowledgment {
  /** UUID of the answer itself, as text or as 16 bytes. */
  readonly id: string | Uint8Array;
  readonly timestamp: Timestamp;
  /** UUID of the message that is answered. */
  readonly requestId: string | Uint8Array;
  readonly status: 'Accepted' | 'Queued' | { readonly Rejected: string };
  readonly code?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly expectedSequence?: number | undefined;
  readonly rejected?: readonly RejectedEntry[] | undefined;
}

const PREFIX_BYTES = 4;
const ZERO_ID = Buffer.alloc(16);
const writer = new MessagePackWriter();

/**
 * Encodes an Acknowledgment as a whole frame, byte for byte as `encodeMessage` does. Plain ones cost
 * a copy of a template and two UUIDs.
 */
export function encodeAcknowledgment(answer: Acknowledgment, format: WireFormat): Buffer {
  const { status, timestamp } = answer;
  if (typeof status !== 'string' || hasMore(answer)) return encodeWhole(answer, format);
  const template = templateFor(timestamp, status, format);
  const frame = Buffer.allocUnsafe(template.bytes);
  template.write(frame, 0, asBytes(answer.id), asBytes(answer.requestId));
  return frame;
}

/** Frames of plain Acknowledgments that differ in nothing but their two UUIDs. */
export class AcknowledgmentTemplate {
  readonly #frame: Buffer;
  readonly #isText: boolean;
  readonly #idOffset: number;
  readonly #requestIdOffset: number;

  constructor(timestamp: Timestamp, status: 'Accepted' | 'Queued', format: WireFormat) {
    this.#isText = format === 'json';
    const answer = { id: ZERO_ID, timestamp, requestId: ZERO_ID, status };
    this.#frame = encodeWhole(answer, format);
    const zero = this.#isText ? Buffer.from(uuidFromBytes(ZERO_ID)) : ZERO_ID;
    this.#idOffset = this.#frame.indexOf(zero);
    this.#requestIdOffset = this.#frame.indexOf(zero, this.#idOffset + zero.length);
  }

  /** Size of each frame. */
  get bytes(): number {
    return this.#frame.length;
  }

  /** Writes one frame into `target`; gives the offset behind it. UUIDs are 16 bytes each. */
  write(target: Buffer, offset: number, id: Uint8Array, requestId: Uint8Array): number {
    this.#frame.copy(target, offset);
    if (this.#isText) {
      target.write(uuidFromBytes(id), offset + this.#idOffset, 'latin1');
      target.write(uuidFromBytes(requestId), offset + this.#requestIdOffset, 'latin1');
    } else {
      target.set(id, offset + this.#idOffset);
      target.set(requestId, offset + this.#requestIdOffset);
    }
    return offset + this.#frame.length;
  }
}

const templates = new Map<string, AcknowledgmentTemplate>();
let templatesTime: Timestamp = { seconds: Number.NaN, nanos: 0 };

/** Answers of one commit share their time, so templates are kept until another time is asked for. */
function templateFor(
  timestamp: Timestamp,
  status: 'Accepted' | 'Queued',
  format: WireFormat,
): AcknowledgmentTemplate {
  if (timestamp.seconds !== templatesTime.seconds || timestamp.nanos !== templatesTime.nanos) {
    templates.clear();
    templatesTime = timestamp;
  }
  const key = format === 'json' ? `json ${status}` : status;
  let template = templates.get(key);
  if (template === undefined) {
    template = new AcknowledgmentTemplate(timestamp, status, format);
    templates.set(key, template);
  }
  return template;
}

function hasMore(answer: Acknowledgment): boolean {
  return (
    answer.code !== undefined ||
    answer.retryAfterMs !== undefined ||
    answer.expectedSequence !== undefined ||
    answer.rejected !== undefined
  );
}

function encodeWhole(answer: Acknowledgment, format: WireFormat): Buffer {
  const body = {
    request_id: answer.requestId as PackedValue,
    status: answer.status as PackedValue,
    code: answer.code,
    retry_after_ms: answer.retryAfterMs,
    expected_sequence: answer.expectedSequence,
    rejected: answer.rejected?.map(({ index, code, reason }) => ({ index, code, reason })),
  };
  const timestamp = formatRfc3339(answer.timestamp);
  if (format === 'json') {
    const payload = { Acknowledgment: { ...body, request_id: asText(answer.requestId) } };
    const text = stringifyJson({ id: asText(answer.id), timestamp, payload } as never);
    return Buffer.from(`${text}\n`);
  }
  const payload = { Acknowledgment: { ...body, request_id: asBytes(answer.requestId) } };
  writer.clear();
  writer.value({ id: asBytes(answer.id), timestamp, payload } as never);
  const frame = writer.take(PREFIX_BYTES);
  frame.writeUInt32LE(frame.length - PREFIX_BYTES, 0);
  return frame;
}

function asBytes(id: string | Uint8Array): Uint8Array {
  return typeof id === 'string' ? uuidToBytes(id) : id;
}

function asText(id: string | Uint8Array): string {
  return typeof id === 'string' ? id : uuidFromBytes(id);
}
