import { z } from 'zod';
import type { JsonValue } from './json-value.ts';
import { LEVELS } from './kinds.ts';
import { COUNT_LIMITS, FIELD_LIMITS } from './limits.ts';
import { SCOPES } from './scopes.ts';
import { parseRfc3339 } from './timestamp.ts';
import { isUuid } from './uuid.ts';

/** 16 bytes of bin on MessagePack, text in JSON; inside always text in lower case. */
export const uuid = z
  .string()
  .refine(isUuid, 'must be a UUID')
  .transform((text) => text.toLowerCase());

/** Any value; on MessagePack, binary becomes base64 text and a float that is no number null. */
export const json = z.custom<JsonValue>((value) => value !== undefined);

/** RFC 3339 with up to nine fraction digits; kept as it was written. */
export const time = z
  .string()
  .refine((text) => parseRfc3339(text) !== undefined, 'must be an RFC 3339 time');

export const level = z.enum(LEVELS);

/** A whole number from 0 to 2^53 - 1. */
export const count = z.int().min(0);

export const pageLimit = z.int().min(1).max(COUNT_LIMITS.page);

export const flag = z.boolean();

/** Text of at most so many bytes of UTF-8. */
export function text(limitBytes: number) {
  return z
    .string()
    .refine(
      (value) => value.length * 3 <= limitBytes || Buffer.byteLength(value) <= limitBytes,
      `must not be longer than ${limitBytes} bytes`,
    );
}

/** Text whose length only the frame limits. */
export const anyText = z.string();

export const sessionId = text(FIELD_LIMITS.sessionId);
export const path = text(FIELD_LIMITS.path);
export const cursor = text(FIELD_LIMITS.cursor);
export const order = z.enum(['newest', 'oldest']);

/** SHA-256 in hex. */
export const checksum = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits');

/** What a token is called in lists, logs and the ledger. */
export const tokenName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@:-]{0,63}$/u, 'must be 1 to 64 letters, digits and ._@:-');
/** What a token allows. */
export const scopeName = z.enum(SCOPES);

/** The database of a chain. */
export const databaseName = z.enum(['ledger', 'state']);
/** An append-only stream. */
export const streamName = z.enum(['log', 'file', 'state', 'root', 'act', 'export']);
