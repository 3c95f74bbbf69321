import { randomBytes } from 'node:crypto';

const NAME_UNITS_MAX = 40;

/** Readable and unique: `alice-3f9c21ab`. */
export function newSessionId(identity: string): string {
  const name = identity
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .slice(0, NAME_UNITS_MAX);
  return `${name.replace(/^-+|-+$/g, '') || 'session'}-${randomBytes(4).toString('hex')}`;
}
