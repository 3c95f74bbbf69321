import { CodiError } from './errors.ts';
import type { WireFormat } from './frame.ts';
import { scanJson } from './json-scan.ts';
import { parseJsonText } from './json-text.ts';
import { isMessageKind } from './kinds.ts';
import type { ScanLimits } from './limits.ts';
import type { MessagePorts } from './messages.ts';
import { decodeScanned } from './msgpack-decode.ts';
import type { PackedValue } from './msgpack-decode.ts';
import { scanMessagePack } from './msgpack-scan.ts';
import { formatRfc3339, parseRfc3339 } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';
import { isUuid, uuidFromBytes } from './uuid.ts';

const KIND_SHOWN_CHARS = 64;

/** What is around the body of a message. */
export interface Envelope {
  readonly id: string | undefined;
  readonly timestamp: Timestamp | undefined;
  readonly payload: PackedValue | undefined;
}

/** Scans and parses a body. Throws CodiError when it is not safe or not valid. */
export function parseBody(body: Buffer, format: WireFormat, limits: ScanLimits): PackedValue {
  if (format === 'msgpack') {
    const unsafe = scanMessagePack(body, limits);
    if (unsafe !== undefined) throw unsafe;
    return decodeScanned(body);
  }
  const scan = scanJson(body, limits);
  if (!scan.ok) throw scan.error;
  const text = body.toString('utf8');
  try {
    return scan.needsExactParser ? parseJsonText(text) : (JSON.parse(text) as PackedValue);
  } catch {
    throw new CodiError('CODI_FRAME_INVALID', { format: 'JSON', reason: 'it cannot be parsed' });
  }
}

/**
 * Reads id, time and payload; what is missing or no such thing is undefined. JSON may come in the
 * short form, with the kind in place of the payload, where `ports` give id and time.
 */
export function readEnvelope(
  value: PackedValue,
  format: WireFormat,
  ports?: MessagePorts,
): Envelope {
  if (Array.isArray(value) && format === 'msgpack') return envelope(value[0], value[1], value[2]);
  if (!isMap(value)) throw messageError('it must be a map of id, timestamp and payload');
  const { id, timestamp, payload } = value;
  if (format === 'msgpack') return envelope(id, timestamp, payload);
  // A kind beside a payload would leave open which of the two is meant.
  if (payload !== undefined && Object.keys(value).some(isMessageKind)) {
    throw messageError('it has both a payload and the short form');
  }
  if (ports === undefined) return envelope(id, timestamp, payload);
  const givenId = id ?? ports.newId();
  const givenTime = timestamp ?? formatRfc3339(ports.now());
  return envelope(givenId, givenTime, payload ?? shortPayload(value));
}

/** Takes the kind and the body apart. Throws CodiError when it is not externally tagged. */
export function splitPayload(payload: PackedValue | undefined): [kind: string, body: PackedValue] {
  // Rust writes a variant that carries nothing as its name alone.
  if (typeof payload === 'string') return [payload, {}];
  const keys = isMap(payload) ? Object.keys(payload) : [];
  const kind = keys[0];
  if (kind === undefined || keys.length !== 1) {
    throw messageError('payload must be a map with the kind of the message as its only key');
  }
  return [kind, (payload as Record<string, PackedValue>)[kind] as PackedValue];
}

export function unknownKind(kind: string): CodiError {
  const isLong = kind.length > KIND_SHOWN_CHARS;
  const shown = isLong ? `${kind.slice(0, KIND_SHOWN_CHARS)}…` : kind;
  return new CodiError('CODI_MESSAGE_UNKNOWN', { kind: shown });
}

export function messageError(reason: string): CodiError {
  return new CodiError('CODI_MESSAGE_INVALID', { reason });
}

export function isMap(value: unknown): value is Record<string, PackedValue> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

function envelope(
  id: PackedValue | undefined,
  timestamp: PackedValue | undefined,
  payload: PackedValue | undefined,
): Envelope {
  const time = typeof timestamp === 'string' ? parseRfc3339(timestamp) : undefined;
  return { id: readId(id), timestamp: time, payload };
}

function readId(value: PackedValue | undefined): string | undefined {
  if (typeof value === 'string') return isUuid(value) ? value.toLowerCase() : undefined;
  return value instanceof Uint8Array && value.length === 16 ? uuidFromBytes(value) : undefined;
}

/** In the short form the kind stands beside id and time, or alone. */
function shortPayload(value: Record<string, PackedValue>): PackedValue | undefined {
  const kinds = Object.keys(value).filter((key) => key !== 'id' && key !== 'timestamp');
  const kind = kinds.find(isMessageKind) ?? kinds[0];
  return kind === undefined ? undefined : { [kind]: value[kind] as PackedValue };
}
