import { createHash, timingSafeEqual } from 'node:crypto';

/** `codi_`, 12 hex digits that name the token, and the secret: 32 random bytes in base64url. */
const TOKEN = /^codi_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const ID_BYTES = 6;
const SECRET_BYTES = 32;

export interface TokenText {
  text: string;
  id: string;
  hash: Buffer;
}

/** A new token; `random` gives so many bytes nobody can guess. */
export function makeToken(random: (bytes: number) => Buffer): TokenText {
  const id = random(ID_BYTES).toString('hex');
  const secret = random(SECRET_BYTES).toString('base64url');
  return { text: `codi_${id}_${secret}`, id, hash: hashOf(secret) };
}

/** What a peer sent, or undefined when it is no token at all. */
export function readToken(text: string): TokenText | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { text, id, hash: hashOf(secret) };
}

/** In the same time whatever differs. Both are hashes, so they have the same length. */
export function isSameHash(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(one, other);
}

/**
 * SHA-256 and nothing slower: the secret has 256 random bits, so no list of likely ones shortens the search, and a
 * slow hash would only let strangers keep the daemon busy.
 */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
