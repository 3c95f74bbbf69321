import { CodiError } from '../../../protocol/errors.ts';
import type { Scope } from '../../../protocol/scopes.ts';
import { isSameHash, makeToken, readToken } from './token-text.ts';

/** What is kept of a token: everything but the secret. Times are milliseconds of Unix time. */
export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly hash: Buffer;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly lastUsedMs: number | null;
  readonly lastUsedFrom: string | null;
}

export interface TokenWish {
  name: string;
  scopes?: readonly Scope[] | undefined;
  expiresMs?: number | undefined;
  /** Replaces the token of this name, which is valid for so much longer. */
  rotates?: { overlapMs: number } | undefined;
}

export type TokenVerdict = { ok: true; record: TokenRecord } | { ok: false; reason: string };

/** Two of a name are enough to change one for the other without a gap. */
const VALID_PER_NAME = 2;
const TOKENS_MAX = 256;
/** So long an expired one is still listed. */
const KEPT_EXPIRED_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
const NO_HASH = Buffer.alloc(32);

/** The tokens of a daemon, in memory. Changes throw CodiError and then change nothing. */
export class TokenBook {
  readonly #records = new Map<string, TokenRecord>();
  readonly #random: (bytes: number) => Buffer;

  constructor(records: readonly TokenRecord[], random: (bytes: number) => Buffer) {
    for (const record of records) this.#records.set(record.id, record);
    this.#random = random;
  }

  /** `undo` makes it as if nothing had been created, for when it cannot be stored. */
  create(wish: TokenWish, nowMs: number): { text: string; record: TokenRecord; undo(): void } {
    if (wish.expiresMs !== undefined && wish.expiresMs <= nowMs)
      throw new CodiError('CODI_USAGE', { reason: 'the token would have expired already' });
    const replaced = this.#replacedBy(wish, nowMs);
    this.#forgetExpired(nowMs);
    if (this.#records.size >= TOKENS_MAX)
      throw new CodiError('CODI_TOKEN_EXISTS', {
        name: wish.name,
        reason: `there are ${TOKENS_MAX} tokens, which is the most there may be`,
      });
    const { text, id, hash } = makeToken(this.#random);
    const record: TokenRecord = {
      id,
      name: wish.name,
      scopes: wish.scopes ?? replaced?.scopes ?? ['read', 'write'],
      hash,
      createdMs: nowMs,
      expiresMs: wish.expiresMs ?? null,
      lastUsedMs: null,
      lastUsedFrom: null,
    };
    if (replaced && wish.rotates) this.#shorten(replaced, nowMs + wish.rotates.overlapMs);
    this.#records.set(id, record);
    const undo = () => {
      this.#records.delete(id);
      if (replaced && this.#records.has(replaced.id)) this.#records.set(replaced.id, replaced);
    };
    return { text, record, undo };
  }

  /** The records that are gone, all of a name or one of them. */
  revoke(name: string, id: string | undefined): TokenRecord[] {
    const gone = this.all().filter(
      (record) => record.name === name && (id === undefined || record.id === id),
    );
    const what = id === undefined ? `token ${name}` : `token ${name} with the id ${id}`;
    if (gone.length === 0) throw new CodiError('CODI_NOT_FOUND', { what });
    for (const record of gone) this.#records.delete(record.id);
    return gone;
  }

  /** Whose token it is, if anybody's. */
  check(text: string, nowMs: number): TokenVerdict {
    const token = readToken(text);
    const record = token && this.#records.get(token.id);
    const isSame = isSameHash(token?.hash ?? NO_HASH, record?.hash ?? NO_HASH);
    if (!record || !isSame) return { ok: false, reason: 'it is not known' };
    const reason = this.problemOf(record.id, nowMs);
    return reason === undefined ? { ok: true, record } : { ok: false, reason };
  }

  /** Why a token that was accepted is not valid any more, or undefined. */
  problemOf(id: string, nowMs: number): string | undefined {
    const record = this.#records.get(id);
    if (!record) return 'it was revoked';
    if (record.expiresMs === null || record.expiresMs > nowMs) return undefined;
    return `it expired at ${new Date(record.expiresMs).toISOString()}`;
  }

  /** To the minute; true when that is news. */
  use(id: string, from: string, nowMs: number): boolean {
    const record = this.#records.get(id);
    const lastUsedMs = nowMs - (nowMs % MINUTE_MS);
    if (!record || (record.lastUsedMs === lastUsedMs && record.lastUsedFrom === from)) return false;
    this.#records.set(id, { ...record, lastUsedMs, lastUsedFrom: from });
    return true;
  }

  expiresMs(id: string): number | null {
    return this.#records.get(id)?.expiresMs ?? null;
  }

  /** In the order they were made. */
  all(): TokenRecord[] {
    return [...this.#records.values()];
  }

  #replacedBy({ name, rotates }: TokenWish, nowMs: number): TokenRecord | undefined {
    const valid = this.all().filter(
      (record) => record.name === name && this.problemOf(record.id, nowMs) === undefined,
    );
    if (rotates && valid.length === 0)
      throw new CodiError('CODI_NOT_FOUND', { what: `valid token ${name}` });
    if (!rotates && valid.length > 0)
      throw new CodiError('CODI_TOKEN_EXISTS', {
        name,
        reason: `there is a token ${name} already`,
      });
    if (valid.length >= VALID_PER_NAME)
      throw new CodiError('CODI_TOKEN_EXISTS', {
        name,
        reason: `two tokens ${name} are valid already; the older one has to end first`,
      });
    return valid.at(-1);
  }

  #shorten(record: TokenRecord, endMs: number): void {
    const expiresMs = Math.min(record.expiresMs ?? Number.POSITIVE_INFINITY, endMs);
    this.#records.set(record.id, { ...record, expiresMs });
  }

  #forgetExpired(nowMs: number): void {
    for (const { id, expiresMs } of this.#records.values())
      if (expiresMs !== null && expiresMs <= nowMs - KEPT_EXPIRED_MS) this.#records.delete(id);
  }
}
