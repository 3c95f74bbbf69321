import { decodeJsonEntries } from './entry-json.ts';
import { decodePackedEntries } from './entry-packed.ts';
import type { EntriesResult } from './entry-record.ts';
import type { WireFormat } from './frame.ts';
import type { MessagePorts } from './messages.ts';

export type { EntriesResult, EntryRecord, LogEntryRecord, RejectedEntry } from './entry-record.ts';

/**
 * Decodes a LogEntry or LogBatch straight into records: what `decodeMessage` and the zod schema
 * would take, and no more, at a fraction of their cost. An invalid entry of a batch is reported, an
 * invalid message is an error. Bodies may be views of a larger buffer.
 */
export function decodeEntries(
  body: Uint8Array,
  format: WireFormat,
  ports: MessagePorts,
): EntriesResult {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return format === 'json' ? decodeJsonEntries(bytes, ports) : decodePackedEntries(bytes);
}
