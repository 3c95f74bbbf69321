import { z } from 'zod';
import { anyText as text, count, scopeName, time, uuid } from './wire-types.ts';

const requestId = uuid.nullish();

const about = {
  id: text,
  name: text,
  scopes: z.array(scopeName),
  created_at: time,
  expires_at: time.nullish(),
};

/** See the answer of this name in docs/protocol.md. */
export const tokenCreated = z.object({ token: text, ...about, request_id: requestId });

/** See the answer of this name in docs/protocol.md. */
export const tokenResults = z.object({
  tokens: z.array(
    z.object({ ...about, last_used_at: time.nullish(), last_used_from: text.nullish() }),
  ),
  request_id: requestId,
});

/** See the answer of this name in docs/protocol.md. */
export const tokensRevoked = z.object({ ids: z.array(text), closed: count, request_id: requestId });
