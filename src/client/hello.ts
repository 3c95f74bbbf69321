import type { BodyOf } from '../protocol/messages.ts';
import type { ResolvedOptions } from './client-options.ts';

const PROTOCOL_VERSION = 1;

/** What a client says of itself. New: nothing was ever sent under the producer id. */
export function helloBody(
  { clientName, sessionId, tenantId, userId }: ResolvedOptions,
  { producerId, isNew }: { producerId: string; isNew: boolean },
): BodyOf<'Hello'> {
  return {
    version: PROTOCOL_VERSION,
    client: clientName,
    producer_id: producerId,
    ...(isNew && { new_producer: true }),
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(tenantId !== undefined && { tenant_id: tenantId }),
    ...(userId !== undefined && { user_id: userId }),
  };
}
