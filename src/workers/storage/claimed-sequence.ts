import { isCount } from '../../protocol/entry-record.ts';
import { isMap, parseBody, readEnvelope, splitPayload } from '../../protocol/envelope.ts';
import { isCodiError } from '../../protocol/errors.ts';
import type { WireFormat } from '../../protocol/frame.ts';
import { SCAN_LIMITS } from '../../protocol/limits.ts';
import type { MessagePorts } from '../../protocol/messages.ts';

/** Place of `sequence` in the compact form of a LogEntry. */
const SEQUENCE_FIELD = 5;

/**
 * The sequence number of a LogEntry that is invalid in another field. It will never be valid, so its
 * number has to be used up, or its producer could not go on behind it.
 */
export function claimedSequence(
  body: Buffer,
  format: WireFormat,
  ports: MessagePorts,
): number | undefined {
  try {
    const { payload } = readEnvelope(parseBody(body, format, SCAN_LIMITS), format, ports);
    const [kind, entry] = splitPayload(payload);
    if (kind !== 'LogEntry') return undefined;
    const fields = Array.isArray(entry) ? entry[SEQUENCE_FIELD] : undefined;
    const sequence = isMap(entry) ? entry['sequence'] : fields;
    return isCount(sequence) ? sequence : undefined;
  } catch (error) {
    if (!isCodiError(error)) throw error;
    return undefined; // not readable so far, so it claims no number
  }
}
