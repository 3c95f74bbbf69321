import { CodiError, isCodiError } from '../protocol/errors.ts';
import { timestampFromMs, formatRfc3339, parseRfc3339 } from '../protocol/timestamp.ts';
import type { JsonValue } from '../protocol/json-value.ts';
import type { LogBacklog } from './log-backlog.ts';
import type { Parcel, PendingEntry } from './log-window.ts';
import type { ClientPorts } from './ports.ts';
import { encodeRequest } from './wire.ts';

/** What went from the backlog into messages. */
export interface Packed {
  parcels: Parcel[];
  /** Entries that no message can carry. */
  unfit: { entry: PendingEntry; error: CodiError }[];
}

/** Large enough to make answers rare, small enough that one message is one small commit. */
const PARCEL_LIMIT = { entries: 256, bytes: 128 * 1024, values: 100_000 };
const VALUES_PER_ENTRY = 16;

/**
 * Takes entries from the front of the backlog (as many as one message should carry) and numbers them
 * from `firstSequence`. One alone travels as the LogEntry of the original protocol.
 */
export function packParcels(
  backlog: LogBacklog,
  places: number,
  firstSequence: number,
  ports: ClientPorts,
): Packed {
  const entries = fittingPart(backlog.peek(Math.min(places, PARCEL_LIMIT.entries)));
  backlog.drop(entries.length);
  const packed: Packed = { parcels: [], unfit: [] };
  pack(entries, firstSequence, ports, packed);
  return packed;
}

function fittingPart(entries: readonly PendingEntry[]): readonly PendingEntry[] {
  let bytes = 0;
  let values = 0;
  const end = entries.findIndex(({ bytes: entryBytes, entry }, index) => {
    bytes += entryBytes;
    values += VALUES_PER_ENTRY + (entry.metadata ? Object.keys(entry.metadata).length * 2 : 0);
    return index > 0 && (bytes > PARCEL_LIMIT.bytes || values > PARCEL_LIMIT.values);
  });
  return end === -1 ? entries : entries.slice(0, end);
}

/** Sizes were only estimated: what turns out too large for a frame is halved until it fits. */
function pack(
  entries: readonly PendingEntry[],
  firstSequence: number,
  ports: ClientPorts,
  packed: Packed,
): number {
  const [only] = entries;
  if (!only) return firstSequence;
  try {
    const parcel = seal(entries, firstSequence, ports);
    packed.parcels.push(parcel);
    return firstSequence + entries.length;
  } catch (thrown) {
    const error = asEntryError(thrown);
    if (entries.length === 1) {
      packed.unfit.push({ entry: only, error });
      return firstSequence;
    }
    const middle = Math.ceil(entries.length / 2);
    const next = pack(entries.slice(0, middle), firstSequence, ports, packed);
    return pack(entries.slice(middle), next, ports, packed);
  }
}

function seal(entries: readonly PendingEntry[], firstSequence: number, ports: ClientPorts): Parcel {
  const id = ports.newId();
  const [only] = entries;
  const frame =
    entries.length === 1 && only
      ? encodeRequest(id, timeOf(only), 'LogEntry', { ...fieldsOf(only), sequence: firstSequence })
      : encodeRequest(id, formatRfc3339(timestampFromMs(ports.nowMs())), 'LogBatch', {
          entries: entries.map((entry) => ({ ...fieldsOf(entry), timestamp: timeOf(entry) })),
          first_sequence: firstSequence,
        });
  return { id, firstSequence, entries, frame, isInFlight: true };
}

function fieldsOf({ entry }: PendingEntry) {
  const { level, component, message, session_id = null } = entry;
  // Plain since it was taken: see plain-value.ts.
  const metadata = (entry.metadata ?? null) as JsonValue;
  return { level, component, message, metadata, session_id };
}

function timeOf({ entry, atMs }: PendingEntry): string {
  if (entry.timestamp === undefined) return formatRfc3339(timestampFromMs(atMs));
  if (parseRfc3339(entry.timestamp)) return entry.timestamp;
  throw new CodiError('CODI_ENTRY_INVALID', {
    reason: `'${entry.timestamp}' is not an RFC 3339 time`,
  });
}

/** An encoder refuses what has no form on the wire (functions, cycles): the entry's fault, not ours. */
function asEntryError(thrown: unknown): CodiError {
  if (isCodiError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new CodiError('CODI_ENTRY_INVALID', { reason }, { cause: thrown });
}
