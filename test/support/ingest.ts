import { IngestBuffer, type IngestLimits } from '#codi/actors/storage/ingest-buffer.js';
import { bytePathFromUtf8 } from '#codi/protocol/byte-path.js';
import type { ConnectionContext, ToLedger } from '#codi/workers/storage/ledger.messages.js';
import { context } from './ledger-thread.ts';

export const INGEST_ROOT = bytePathFromUtf8('/desk');

/** A connection that has said nothing of itself. */
export function connectionContext(connection: number): ConnectionContext {
  return context({ connection, hasHello: false });
}

/** Room for little, so that its limits are reached with a few frames. */
export function newIngestBuffer(limits: Partial<IngestLimits> = {}): IngestBuffer {
  return new IngestBuffer({
    limitBytes: 1_000,
    limitFrames: 100,
    connectionBytes: 1_000,
    batchBytes: 100,
    inFlightBytes: 400,
    inFlightCount: 8,
    ...limits,
  });
}

export function takeAll(buffer: IngestBuffer): ToLedger[] {
  const taken: ToLedger[] = [];
  for (let message = buffer.take(); message; message = buffer.take()) taken.push(message);
  return taken;
}

export function batchOf(message: ToLedger | undefined): number | undefined {
  return message && 'batch' in message ? message.batch : undefined;
}

/** Changes of a root without a change in them; each tells its sequence when it is committed. */
export function offerChanges(
  buffer: IngestBuffer,
  sequence: number,
  committed: number[] = [],
): void {
  buffer.offerFileEvents({
    rootId: 1,
    rootPath: INGEST_ROOT,
    sequence,
    events: [],
    onCommitted: () => committed.push(sequence),
  });
}
