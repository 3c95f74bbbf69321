/**
 * Signed notes and the checkpoints in them, as c2sp.org/signed-note and c2sp.org/tlog-checkpoint define
 * them, with Ed25519 as the one kind of signature.
 */
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { HASH_BYTES } from './merkle-tree.ts';

/** What a checkpoint says: the tree of this origin had so many leaves and this root. */
export interface Checkpoint {
  origin: string;
  size: number;
  root: Buffer;
}

/** A public key under the name it signs with. */
export interface VerifierKey {
  name: string;
  /** 32 bytes, RFC 8032. */
  bytes: Buffer;
}

export type OpenedNote = { ok: true; checkpoint: Checkpoint } | { ok: false; reason: string };

const ED25519 = 0x01;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
const NAME = /^[^\s+]+$/u;
const SIZE = /^(?:0|[1-9][0-9]*)$/;
/** RFC 8410: the DER of an Ed25519 public key is this and the 32 bytes. */
const PUBLIC_KEY_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether a text can be a key name, and so the origin of a log. */
export function isKeyName(name: string): boolean {
  return NAME.test(name);
}

/** The 32 bytes of a key, private or public. */
export function publicBytes(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_KEY_HEAD.length);
}

/** `<name>+<hex key id>+<base64 key>`, one line. */
export function encodeVerifierKey({ name, bytes }: VerifierKey): string {
  const key = Buffer.concat([Buffer.of(ED25519), bytes]);
  return `${name}+${keyId(name, bytes).toString('hex')}+${key.toString('base64')}`;
}

/** Undefined when the line is no verifier key, or its id is not that of its name and key. */
export function decodeVerifierKey(line: string): VerifierKey | undefined {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(line);
  if (!match) return undefined;
  const [, name = '', id = '', text = ''] = match;
  const key = fromBase64(text);
  if (key?.length !== 1 + HASH_BYTES || key[0] !== ED25519) return undefined;
  const bytes = key.subarray(1);
  return keyId(name, bytes).toString('hex') === id ? { name, bytes } : undefined;
}

/** A checkpoint as a signed note; `more` are lines of ours behind the root, which the signature covers. */
export function signCheckpoint(
  { origin, size, root }: Checkpoint,
  key: KeyObject,
  more: readonly string[] = [],
): string {
  const text = `${[origin, size, root.toString('base64'), ...more].join('\n')}\n`;
  const id = keyId(origin, publicBytes(key));
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), key)]);
  return `${text}\n— ${origin} ${signature.toString('base64')}\n`;
}

/** Reads a note and checks it with the keys: one of them must have signed it under the note's origin. */
export function openCheckpoint(note: string, keys: readonly VerifierKey[]): OpenedNote {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return { ok: false, reason: 'it is no signed note' };
  const text = note.slice(0, end + 1);
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint) return { ok: false, reason: 'it holds no checkpoint' };
  const signatures = note.slice(end + 2, -1).split('\n');
  let isSigned = false;
  for (const line of signatures) {
    const match = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    const signature = match?.[2] === undefined ? undefined : fromBase64(match[2]);
    if (!match || !signature || signature.length < KEY_ID_BYTES)
      return { ok: false, reason: 'a signature line is malformed' };
    const key = keys.find(
      ({ name, bytes }) =>
        name === match[1] && keyId(name, bytes).equals(signature.subarray(0, KEY_ID_BYTES)),
    );
    // c2sp.org/signed-note: signatures of unknown keys (witnesses) are passed over, those of known ones must hold.
    if (!key) continue;
    if (!isSignature(text, signature.subarray(KEY_ID_BYTES), key.bytes))
      return { ok: false, reason: `the signature of ${key.name} does not fit its text` };
    if (key.name === checkpoint.origin) isSigned = true;
  }
  if (!isSigned) return { ok: false, reason: 'none of the given keys has signed it' };
  return { ok: true, checkpoint };
}

/** The first line of a note, without checking anything. */
export function originOf(note: string): string {
  return note.slice(0, Math.max(0, note.indexOf('\n')));
}

/** Exactly one text for the same bytes: anything else is refused. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin = '', sizeText = '', rootText = ''] = text.split('\n');
  const root = fromBase64(rootText);
  const size = Number(sizeText);
  if (!isKeyName(origin) || !SIZE.test(sizeText) || !Number.isSafeInteger(size)) return undefined;
  return root?.length === HASH_BYTES ? { origin, size, root } : undefined;
}

function isSignature(text: string, signature: Buffer, publicKey: Buffer): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const key = createPublicKey({
    key: Buffer.concat([PUBLIC_KEY_HEAD, publicKey]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, Buffer.from(text), key, signature);
}

function keyId(name: string, bytes: Buffer): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(bytes);
  return hash.digest().subarray(0, KEY_ID_BYTES);
}
