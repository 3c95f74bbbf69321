import type { TokenRecord } from './token-book.ts';

/** A token as it is shown: everything but what could be used to guess at it. */
export function tokenRow(record: TokenRecord) {
  return {
    id: record.id,
    name: record.name,
    scopes: [...record.scopes],
    created_at: iso(record.createdMs),
    ...(record.expiresMs !== null && { expires_at: iso(record.expiresMs) }),
    ...(record.lastUsedMs !== null && { last_used_at: iso(record.lastUsedMs) }),
    ...(record.lastUsedFrom !== null && { last_used_from: record.lastUsedFrom }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
