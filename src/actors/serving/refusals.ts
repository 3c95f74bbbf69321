import type { CodiError } from '../../protocol/errors.ts';
import type { Message, Payload } from '../../protocol/messages.ts';

/** A message that was not taken, by the id it came with. */
export function rejection(id: string | undefined, error: CodiError): Payload {
  if (id === undefined) return errorPayload(error, undefined);
  const wire = error.toWire();
  return {
    kind: 'Acknowledgment',
    body: {
      request_id: id,
      status: { Rejected: wire.message },
      code: wire.code,
      retry_after_ms: Number(error.details['retryMs'] ?? 0),
    },
  };
}

/** Commands of the original protocol are refused by an Acknowledgment, questions by an Error. */
export function failure(message: Message, error: CodiError): Payload {
  return COMMANDS.has(message.payload.kind)
    ? rejection(message.id, error)
    : errorPayload(error, message.id);
}

const COMMANDS = new Set([
  'LogEntry',
  'LogBatch',
  'StartMonitoring',
  'StopMonitoring',
  'SessionStart',
  'SessionEnd',
  'SessionHeartbeat',
]);

/** An error about a message, or about the stream when no id is known. */
export function errorPayload(error: CodiError, id: string | undefined): Payload {
  const wire = error.toWire();
  return {
    kind: 'Error',
    body: {
      code: wire.code,
      message: wire.message,
      hint: wire.hint,
      retryable: wire.retryable,
      ...(id !== undefined && { request_id: id }),
    },
  };
}
