import { CodiError } from '../protocol/errors.ts';
import { LEVELS } from '../protocol/kinds.ts';
import type { Level } from '../protocol/kinds.ts';
import { FIELD_LIMITS } from '../protocol/limits.ts';

/** An entry as a program hands it to the client. */
export interface LogEntryInput {
  level: Level;
  /** Which part of the program speaks; at most 256 bytes. */
  component: string;
  /** At most 256 KiB. */
  message: string;
  /** JSON-able values; at most 256 KiB as JSON text. */
  metadata?: Readonly<Record<string, unknown>> | null;
  /** Overrides the session of the connection. */
  session_id?: string | null;
  /** When it happened, RFC 3339; the moment of the call when absent. */
  timestamp?: string;
}

/**
 * What the daemon would refuse for ever is refused before it is sent: programs without types and
 * texts that are too long are told at once.
 */
export function checkEntry(entry: LogEntryInput | null | undefined): CodiError | undefined {
  const reason = entry == null ? 'an entry must be an object' : reasonOf(entry);
  return reason === undefined ? undefined : new CodiError('CODI_ENTRY_INVALID', { reason });
}

function reasonOf(entry: LogEntryInput): string | undefined {
  return (
    checkText(entry.component, 'component', FIELD_LIMITS.component) ??
    checkText(entry.message, 'message', FIELD_LIMITS.message) ??
    (entry.session_id == null
      ? undefined
      : checkText(entry.session_id, 'session_id', FIELD_LIMITS.sessionId)) ??
    (LEVELS.includes(entry.level) ? undefined : `level must be one of ${LEVELS.join(', ')}`) ??
    (isMetadata(entry.metadata) ? undefined : 'metadata must be a plain object or null') ??
    (isText(entry.timestamp) ? undefined : 'timestamp must be text, an RFC 3339 time')
  );
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function checkText(value: unknown, field: string, limitBytes: number): string | undefined {
  if (typeof value !== 'string') return `${field} must be text`;
  // A UTF-16 unit takes three bytes of UTF-8 at most: short texts need no count.
  if (value.length * 3 <= limitBytes || Buffer.byteLength(value) <= limitBytes) return undefined;
  return `${field} must not be longer than ${limitBytes} bytes`;
}

function isMetadata(value: unknown): boolean {
  return value == null || (typeof value === 'object' && !Array.isArray(value));
}
