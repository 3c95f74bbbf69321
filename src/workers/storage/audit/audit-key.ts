/** The key that signs checkpoints: made at the first start, told apart from damage and from replacement later. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, basename } from 'node:path';
import { EMPTY_ROOT } from '../../../protocol/audit/merkle-tree.ts';
import {
  decodeVerifierKey,
  encodeVerifierKey,
  originOf,
  publicBytes,
  signCheckpoint,
  type VerifierKey,
} from '../../../protocol/audit/signed-note.ts';
import { syncPath, writeDurably } from '../durable-file.ts';
import { AuditFiles, readIfThere } from './audit-files.ts';

const PUBLIC_NAME = 'key.pub';
/** Lines of earlier origins stay for earlier proofs; far more than a store is anchored anew. */
const PUBLIC_LINES = 200;

export interface AuditKey {
  key: KeyObject;
  /** Public keys that notes of this data directory may be signed with: the present one, and one it replaced. */
  known: Buffer[];
  /** What a person should hear of, in words. */
  notices: string[];
  /** The text of key.pub when it was made for another key, else null. */
  replaced: string | null;
}

/** The key file cannot be used; checkpoints stop until somebody has looked at it. */
export class KeyUnusable extends Error {
  override readonly name = 'KeyUnusable';
}

/** Loads the key, and makes it and the first, empty checkpoints when there are none yet. */
export function loadAuditKey(
  dataDir: string,
  keyFile: string | undefined,
  origins: readonly { kind: 'ledger' | 'state'; origin: string }[],
): AuditKey {
  const files = new AuditFiles(dataDir);
  const path = keyFile ?? files.path('key');
  const isNew = statSync(files.dir, { throwIfNoEntry: false }) === undefined;
  if (isNew) create(dataDir, keyFile, origins);
  const found = readKey(path);
  const key = found ?? makeKey(path);
  const notices: string[] = [];
  if (tighten(path)) notices.push(`the audit key ${path} was open to others; its mode is now 0600`);
  return { key, notices, ...compare(files, key, notices) };
}

/** Writes the public half under these names, beside those it had. */
export function publishKey(files: AuditFiles, key: KeyObject, names: readonly string[]): void {
  const bytes = publicBytes(key);
  const before = readPublic(files)?.filter((line) => line.bytes.equals(bytes)) ?? [];
  const lines = new Set(
    [...before, ...names.map((name) => ({ name, bytes }))].map(encodeVerifierKey),
  );
  const text = `${[...lines].slice(-PUBLIC_LINES).join('\n')}\n`;
  if (readIfThere(files.path(PUBLIC_NAME)) !== text) writeDurably(files.dir, PUBLIC_NAME, text);
}

/** The keys of `key.pub`; undefined when it is missing or damaged. */
export function readPublic(files: AuditFiles): VerifierKey[] | undefined {
  const text = readIfThere(files.path(PUBLIC_NAME));
  if (text === undefined || !text.endsWith('\n')) return undefined;
  const keys = text.slice(0, -1).split('\n').map(decodeVerifierKey);
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

/** The lines of `key.pub` as they stand there. */
export function publicLines(files: AuditFiles): string[] {
  return readIfThere(files.path(PUBLIC_NAME))?.trimEnd().split('\n') ?? [];
}

/** The verifier keys a note of ours may have been signed with, whatever its origin. */
export function keysFor(note: string, known: readonly Buffer[]): VerifierKey[] {
  const name = originOf(note);
  return known.map((bytes) => ({ name, bytes }));
}

/**
 * Key, public key and a checkpoint of nothing appear together, or not at all: so a checkpoint that is
 * missing later was taken away.
 */
function create(
  dataDir: string,
  keyFile: string | undefined,
  origins: readonly { kind: 'ledger' | 'state'; origin: string }[],
): void {
  const { dir } = new AuditFiles(dataDir);
  const draft = `${dir}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const key =
    (keyFile === undefined ? undefined : readKey(keyFile)) ?? makeKey(keyFile ?? `${draft}/key`);
  const names = origins.map(({ origin }) => origin);
  const bytes = publicBytes(key);
  const lines = names.map((name) => encodeVerifierKey({ name, bytes }));
  writeDurably(draft, PUBLIC_NAME, `${lines.join('\n')}\n`);
  for (const { kind, origin } of origins) {
    const note = signCheckpoint({ origin, size: 0, root: EMPTY_ROOT }, key);
    writeDurably(draft, `${kind}.checkpoint`, note);
  }
  renameSync(draft, dir);
  syncPath(dataDir);
}

export function makeKey(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  writeDurably(dirname(path), basename(path), pem);
  return privateKey;
}

/** The key, undefined when there is none or it cannot be used. */
export function loadKey(path: string): KeyObject | undefined {
  try {
    return readKey(path);
  } catch (error) {
    if (error instanceof KeyUnusable) return undefined;
    throw error;
  }
}

function readKey(path: string): KeyObject | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Told below.
  }
  throw new KeyUnusable(
    `the audit key ${path} cannot be used; put it back from a backup, or move it away and a new one is made`,
  );
}

/** What key.pub says about the key; a damaged key.pub is mended when the checkpoints show that the key is right. */
function compare(files: AuditFiles, key: KeyObject, notices: string[]) {
  const bytes = publicBytes(createPublicKey(key));
  const published = readPublic(files);
  if (!published) notices.push(`${PUBLIC_NAME} was damaged or missing and is written anew`);
  const others = (published ?? []).map((each) => each.bytes).filter((each) => !each.equals(bytes));
  const replaced = others.length > 0 ? (readIfThere(files.path(PUBLIC_NAME)) ?? null) : null;
  return { known: [bytes, ...others.slice(0, 1)], replaced };
}

function tighten(path: string): boolean {
  if ((statSync(path).mode & 0o077) === 0) return false;
  chmodSync(path, 0o600);
  return true;
}
