import { asBytes, encodeBareAnswer } from './answer-frame.ts';
import { AnswerTemplate } from './answer-template.ts';
import type { RejectedEntry } from './entry.ts';
import type { WireFormat } from './frame.ts';
import type { PackedValue } from './msgpack-decode.ts';
import { formatRfc3339 } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';

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

/** What stands in a template; there is nothing else in it that could look like them. */
const MARKS = { id: Buffer.alloc(16), requestId: Buffer.alloc(16, 0xff) };

/**
 * Encodes an Acknowledgment as a whole frame, byte for byte as `encodeMessage` does. Plain ones cost
 * a copy of a template and two UUIDs.
 */
export function encodeAcknowledgment(answer: Acknowledgment, format: WireFormat): Buffer {
  const { status, timestamp } = answer;
  if (typeof status !== 'string' || hasMore(answer)) return encodeWhole(answer, format);
  const template = acknowledgmentTemplate(timestamp, status, format);
  return template.frame(asBytes(answer.id), asBytes(answer.requestId));
}

/** The last template of its kind, and the time in it. */
interface DatedTemplate {
  timestamp: Timestamp;
  time: string;
  timeOffset: number;
  template: AnswerTemplate;
}
const templates = new Map<string, DatedTemplate>();

/**
 * Of plain Acknowledgments, which differ in nothing but their two UUIDs and their time. Answers of one commit share their
 * time; for the next one it is written over the last, where it is as long.
 */
export function acknowledgmentTemplate(
  timestamp: Timestamp,
  status: 'Accepted' | 'Queued',
  format: WireFormat,
): AnswerTemplate {
  const key = format === 'json' ? `json ${status}` : status;
  const last = templates.get(key);
  const { seconds, nanos } = timestamp;
  if (last?.timestamp.seconds === seconds && last.timestamp.nanos === nanos) return last.template;
  const time = formatRfc3339(timestamp);
  let template: AnswerTemplate;
  if (last?.time.length === time.length) template = last.template.with(time, last.timeOffset);
  else {
    const frame = encodeWhole({ ...MARKS, timestamp, status }, format);
    template = AnswerTemplate.of(frame, MARKS, format);
  }
  const timeOffset = template.offsetOf(time);
  templates.set(key, { timestamp, time, timeOffset, template });
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
  const { id, timestamp, requestId, status, code, retryAfterMs, expectedSequence } = answer;
  const rejected = answer.rejected?.map(({ index, code: why, reason }) => ({
    index,
    code: why,
    reason,
  }));
  const body = (request_id: PackedValue) => ({
    request_id,
    status,
    code,
    retry_after_ms: retryAfterMs,
    expected_sequence: expectedSequence,
    rejected,
  });
  return encodeBareAnswer({ id, timestamp, requestId, kind: 'Acknowledgment', body }, format);
}
