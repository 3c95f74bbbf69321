import type { BodyOf } from '../../../protocol/messages.ts';
import type { TokenRecord, TokenWish } from './token-book.ts';

const OVERLAP_MS = 24 * 3_600_000;

/** What a CreateToken asks for. */
export function wishOf(body: BodyOf<'CreateToken'>): TokenWish {
  const { name, scopes, expires_at: expiresAt, rotates, overlap_ms: overlapMs } = body;
  return {
    name,
    scopes: scopes ?? undefined,
    expiresMs: expiresAt == null ? undefined : Date.parse(expiresAt),
    rotates: rotates === true ? { overlapMs: overlapMs ?? OVERLAP_MS } : undefined,
  };
}

/** What the ledger keeps of it; never the secret. */
export function actOfCreation(body: BodyOf<'CreateToken'>, record: TokenRecord, by: string) {
  const { id, name, scopes, expiresMs } = record;
  const kind = body.rotates === true ? 'token.rotate' : 'token.create';
  const expiry = expiresMs === null ? {} : { expires_at: new Date(expiresMs).toISOString() };
  return { kind, subject: name, actor: by, data: { id, scopes, ...expiry } };
}

export function actOfRevocation(gone: readonly TokenRecord[], by: string, closed: number) {
  const [first] = gone;
  const data = { ids: gone.map(({ id }) => id), connections_closed: closed };
  return { kind: 'token.revoke', subject: first?.name ?? '', actor: by, data };
}
