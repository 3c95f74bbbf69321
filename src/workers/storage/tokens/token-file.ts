import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CodiError } from '../../../protocol/errors.ts';
import { SCOPES } from '../../../protocol/scopes.ts';
import type { TokenRecord } from './token-book.ts';

/** Something that was done while no daemon ran; the next one puts it into the ledger. */
export interface WaitingAct {
  /** UUID, by which it is recorded once. */
  id: string;
  atMs: number;
  kind: string;
  subject: string;
  actor: string;
  data: object;
}

export interface TokenFile {
  tokens: TokenRecord[];
  acts: WaitingAct[];
}

const NAME = 'tokens.json';
const FILE_LIMIT_BYTES = 1024 * 1024;

const time = z.iso.datetime().transform((text) => Date.parse(text));
const schema = z.object({
  version: z.literal(1),
  tokens: z.array(
    z.object({
      id: z.string().regex(/^[0-9a-f]{12}$/),
      name: z.string().min(1),
      scopes: z.array(z.enum(SCOPES)),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      created_at: time,
      expires_at: time.nullable(),
      last_used_at: time.nullable(),
      last_used_from: z.string().nullable(),
    }),
  ),
  acts: z.array(
    z.object({
      id: z.uuid(),
      at: time,
      kind: z.string(),
      subject: z.string(),
      actor: z.string(),
      data: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** `tokens.json` in the data directory. */
export function tokenFilePath(dataDir: string): string {
  return join(dataDir, NAME);
}

/**
 * What the file says; nothing when there is none yet. It must be a file of this user; when others could read it, that
 * ends here. Throws CODI_TOKENS_UNUSABLE: a file nobody understands lets nobody in.
 */
export async function readTokenFile(dataDir: string, uid: number): Promise<TokenFile> {
  const path = tokenFilePath(dataDir);
  const unusable = (reason: string) => new CodiError('CODI_TOKENS_UNUSABLE', { path, reason });
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { tokens: [], acts: [] };
    throw unusable(code === 'ELOOP' ? 'it is a link' : message);
  }
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw unusable('it is not a file');
    if (facts.uid !== uid) throw unusable(`it belongs to user ${facts.uid}`);
    if (facts.size > FILE_LIMIT_BYTES) throw unusable(`it has ${facts.size} bytes`);
    if ((facts.mode & 0o077) !== 0) await file.chmod(0o600);
    return parse(await file.readFile('utf8'), unusable);
  } finally {
    await file.close();
  }
}

/** Replaces the file as a whole: it is on disk when this resolves, and until then the old one is. */
export async function writeTokenFile(dataDir: string, content: TokenFile): Promise<void> {
  const path = tokenFilePath(dataDir);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(print(content));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const directory = await open(dataDir, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** An act on its way to the next daemon. */
export function waitingAct(act: Omit<WaitingAct, 'id'>): WaitingAct {
  return { id: randomUUID(), ...act };
}

function parse(text: string, unusable: (reason: string) => CodiError): TokenFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(`it is not JSON (${(error as Error).message})`);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw unusable(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  return {
    tokens: result.data.tokens.map((row) => ({
      id: row.id,
      name: row.name,
      scopes: row.scopes,
      hash: Buffer.from(row.sha256, 'hex'),
      createdMs: row.created_at,
      expiresMs: row.expires_at,
      lastUsedMs: row.last_used_at,
      lastUsedFrom: row.last_used_from,
    })),
    acts: result.data.acts.map(({ at, ...act }) => ({ ...act, atMs: at })),
  };
}

function print({ tokens, acts }: TokenFile): string {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const rows = tokens.map((record) => ({
    id: record.id,
    name: record.name,
    scopes: record.scopes,
    sha256: record.hash.toString('hex'),
    created_at: iso(record.createdMs),
    expires_at: iso(record.expiresMs),
    last_used_at: iso(record.lastUsedMs),
    last_used_from: record.lastUsedFrom,
  }));
  const waiting = acts.map(({ atMs, ...act }) => ({ ...act, at: iso(atMs) }));
  return `${JSON.stringify({ version: 1, tokens: rows, acts: waiting }, null, 2)}\n`;
}
