import { createHash } from 'node:crypto';

/** Whose records a producer brings: one connection speaks for one tenant and user. */
export interface RecordOwner {
  readonly tenantId: string | undefined;
  readonly userId: string | undefined;
}

/**
 * What makes a log the same one in a second run: its first record, and a name where two logs begin alike. Not its
 * path: a log that was rotated or compressed is still the same.
 */
export function importIdOf(firstRecord: Uint8Array, name: string): string {
  return uuidOf('codi.import', name, firstRecord);
}

/** The producer under which the records of one owner are numbered. */
export function producerIdOf(importId: string, { tenantId, userId }: RecordOwner): string {
  return uuidOf(
    'codi.import.producer',
    importId,
    JSON.stringify([tenantId ?? null, userId ?? null]),
  );
}

/** A UUID of version 8 (RFC 9562): its bits are a hash of the parts. */
function uuidOf(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [0, 8, 12, 16, 20]
    .map((start, index, starts) => hex.slice(start, starts[index + 1]))
    .join('-');
}
