import type { z } from 'zod';
import { messageError, parseBody, readEnvelope, splitPayload, unknownKind } from './envelope.ts';
import { CodiError, isCodiError } from './errors.ts';
import { FRAME_LIMIT_BYTES } from './frame.ts';
import type { WireFormat } from './frame.ts';
import { stringifyJson } from './json-text.ts';
import { isMessageKind, isRequestKind } from './kinds.ts';
import type { MessageKind } from './kinds.ts';
import { LIST_SCAN_LIMITS, SCAN_LIMITS } from './limits.ts';
import type { ScanLimits } from './limits.ts';
import { MESSAGES } from './messages.ts';
import type { Message, MessagePorts, Payload } from './messages.ts';
import { MessagePackCursor } from './msgpack-cursor.ts';
import { readValue } from './msgpack-decode.ts';
import type { PackedValue } from './msgpack-decode.ts';
import { MessagePackWriter } from './msgpack-encode.ts';
import { scanMessagePack } from './msgpack-scan.ts';
import { readPackedEnvelope } from './packed-envelope.ts';
import { peekKind } from './peek.ts';
import { inOrder, normalise, planOf, writePlanned } from './plan.ts';
import type { Plan } from './plan.ts';
import { quickCheckOf, UNSURE } from './quick-check.ts';
import type { QuickCheck } from './quick-check.ts';
import { formatRfc3339 } from './timestamp.ts';
import { uuidFromBytes } from './uuid.ts';

export type DecodeResult =
  | { readonly ok: true; readonly message: Message }
  /** `id` is there when the message could be read that far, so that it can be answered. */
  | { readonly ok: false; readonly error: CodiError; readonly id?: string };

/** The longest JSON answer: escapes make text up to six times as long as it came in. */
export const JSON_ANSWER_LIMIT_BYTES = 2 * FRAME_LIMIT_BYTES;

const PREFIX_BYTES = 4;
const PLANS = new Map<MessageKind, Plan>(
  (Object.keys(MESSAGES) as MessageKind[]).map((kind) => [kind, planOf(MESSAGES[kind])]),
);
const quickChecks = new Map<MessageKind, QuickCheck>();
const writer = new MessagePackWriter();

/**
 * Decodes one frame, in either format and either form of structs, and checks it against the schema
 * of its kind. JSON may come in the short form without id and time when `ports` can give them. Who
 * has peeked at the kind passes it on.
 */
export function decodeMessage(
  body: Buffer,
  format: WireFormat,
  ports?: MessagePorts,
  peeked: string | undefined = peekKind(body, format).kind,
): DecodeResult {
  let id: string | undefined;
  try {
    const limits = scanLimits(peeked);
    const packed = format === 'msgpack' ? openPacked(body, limits) : undefined;
    if (packed) {
      id = packed.id;
      const { timestamp, kind, raw } = packed;
      return { ok: true, message: { id, timestamp, payload: readPayload(kind, raw) } };
    }
    const envelope = readEnvelope(parseBody(body, format, limits), format, ports);
    const { timestamp } = envelope;
    id = envelope.id;
    if (id === undefined) throw messageError('id must be a UUID');
    if (timestamp === undefined) throw messageError('timestamp must be an RFC 3339 time');
    const payload = readPayload(...splitPayload(envelope.payload));
    return { ok: true, message: { id, timestamp, payload } };
  } catch (error) {
    if (!isCodiError(error)) throw error;
    return id === undefined ? { ok: false, error } : { ok: false, error, id };
  }
}

/**
 * Checks the body of a decoded message against the schema of its kind.
 *
 * @throws CodiError CODI_MESSAGE_UNKNOWN, CODI_MESSAGE_INVALID
 */
export function readPayload(kind: string, raw: PackedValue): Payload {
  if (!isMessageKind(kind)) throw unknownKind(kind);
  const schema: z.ZodType = MESSAGES[kind];
  const quick = quickCheck(kind)(raw);
  if (quick !== UNSURE) return { kind, body: quick } as Payload;
  const result = schema.safeParse(normalise(PLANS.get(kind) as Plan, raw));
  if (!result.success) throw messageError(`${kind}: ${describe(result.error)}`);
  return { kind, body: result.data } as Payload;
}

/**
 * Encodes a message as a whole frame: length prefix and MessagePack in named form, or a line of
 * JSON. Throws CODI_FRAME_TOO_LARGE when no peer would take it.
 */
export function encodeMessage(message: Message, format: WireFormat): Buffer {
  const { kind, body } = message.payload;
  const plan = PLANS.get(kind) as Plan;
  const timestamp = formatRfc3339(message.timestamp);
  if (format === 'json') {
    const payload = { [kind]: inOrder(plan, body) };
    const line = Buffer.from(`${stringifyJson({ id: message.id, timestamp, payload })}\n`);
    checkSize(line.length - 1, JSON_ANSWER_LIMIT_BYTES);
    return line;
  }
  writer.clear();
  writer.mapHead(3);
  writer.string('id');
  writer.uuid(message.id);
  writer.string('timestamp');
  writer.string(timestamp);
  writer.string('payload');
  writer.mapHead(1);
  writer.string(kind);
  writePlanned(writer, plan, body);
  const frame = writer.take(PREFIX_BYTES);
  checkSize(frame.length - PREFIX_BYTES, FRAME_LIMIT_BYTES);
  frame.writeUInt32LE(frame.length - PREFIX_BYTES, 0);
  return frame;
}

function scanLimits(kind: string | undefined): ScanLimits {
  // Answers and batches carry rows, everything else is small.
  const hasRows = kind === 'LogBatch' || (kind !== undefined && !isRequestKind(kind));
  return hasRows ? LIST_SCAN_LIMITS : SCAN_LIMITS;
}

/** Most messages: nothing but their body is built. Undefined for what the general reader has to look at. */
function openPacked(body: Buffer, limits: ScanLimits) {
  const unsafe = scanMessagePack(body, limits);
  if (unsafe !== undefined) throw unsafe;
  const cursor = new MessagePackCursor(body);
  const envelope = readPackedEnvelope(cursor);
  if (!envelope.ok) return undefined;
  const { idBytes, timestamp, kind } = envelope;
  return { id: uuidFromBytes(idBytes), timestamp, kind, raw: readValue(cursor) };
}

/** Made when the first message of its kind comes. */
function quickCheck(kind: MessageKind): QuickCheck {
  let check = quickChecks.get(kind);
  if (!check) {
    check = quickCheckOf(MESSAGES[kind]);
    quickChecks.set(kind, check);
  }
  return check;
}

/** The first thing that is wrong, in words: `filter.level: Invalid option…`. */
function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue === undefined ? '' : issue.path.map(String).join('.');
  const words = issue?.message ?? 'it is not valid';
  return path === '' ? words : `${path}: ${words}`;
}

function checkSize(bytes: number, limitBytes: number): void {
  if (bytes > limitBytes) throw new CodiError('CODI_FRAME_TOO_LARGE', { bytes, limitBytes });
}
