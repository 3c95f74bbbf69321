import { readFile } from 'node:fs/promises';
import {
  decodeVerifierKey,
  openCheckpoint,
  type VerifierKey,
} from '../protocol/audit/signed-note.ts';
import type { CanonicalEntry, StreamName } from '../protocol/audit/canonical-reader.ts';
import { bundleProof, isOriginOf, type ProofBundle } from '../protocol/audit/proof.ts';
import { CodiError } from '../protocol/errors.ts';
import { formatRfc3339 } from '../protocol/timestamp.ts';
import type { KeptCheckpoint } from './audit-findings.ts';
import type { AuditSource } from './audit-source.ts';
import { usageError } from './usage-error.ts';

/** Notes one after the other: lines, an empty one, signatures. */
const NOTES = /(?:(?!— ).+\n)+\n(?:— .+\n)+/gu;
const ENTRY = /^(?:(log|file|state|root|act):)?([1-9][0-9]*)$/;

/** `log:42`, `file:7`, or `42`, which is a log entry. */
export function readEntry(text: string): { stream: StreamName; number: number } {
  const match = ENTRY.exec(text);
  const number = Number(match?.[2]);
  if (!match || !Number.isSafeInteger(number)) {
    const hint =
      'log:42 or 42 for a log entry, file:7 for a file event; also state:, root: and act:';
    throw usageError(`'${text}' names no entry`, hint);
  }
  return { stream: (match[1] ?? 'log') as StreamName, number };
}

/** Asks for a proof, piece by piece when its block is large. */
export async function fetchProof(
  source: AuditSource,
  entry: { stream: StreamName; number: number },
): Promise<ProofBundle> {
  const first = await source.ask('AuditProve', { ...entry, offset: 0 });
  const pieces = [Buffer.from(first.canonical, 'base64')];
  for (let next = first.next; next != null;) {
    const more = await source.ask('AuditProve', { ...entry, offset: next });
    pieces.push(Buffer.from(more.canonical, 'base64'));
    next = more.next;
  }
  return bundleProof({
    ...entry,
    database: first.database,
    block: first.block,
    leaf: first.leaf,
    canonical: Buffer.concat(pieces),
    treeSize: first.tree_size,
    path: first.path,
    checkpoint: first.checkpoint,
  });
}

/** Verifier keys from a file of them, or the one that was given itself. */
export async function readKeys(text: string): Promise<VerifierKey[]> {
  const given = decodeVerifierKey(text);
  if (given) return [given];
  const lines = (await readText(text, 'public key')).split('\n').filter((line) => line !== '');
  const keys = lines.map(decodeVerifierKey);
  const damaged = keys.indexOf(undefined);
  if (keys.length > 0 && damaged < 0) return keys as VerifierKey[];
  const reason = keys.length === 0 ? 'it is empty' : `line ${damaged + 1} is no verifier key`;
  throw usageError(`${text} holds no public key: ${reason}`, 'audit/key.pub in the data directory');
}

/** The notes in a file, such as `codi audit head` prints; each must hold with the keys. */
export async function readCheckpoints(
  path: string,
  keys: readonly VerifierKey[],
): Promise<KeptCheckpoint[]> {
  const notes = (await readText(path, 'checkpoint')).match(NOTES) ?? [];
  if (notes.length === 0) throw usageError(`${path} holds no signed note`, 'see `codi audit head`');
  return notes.map((note) => {
    const opened = openCheckpoint(note, keys);
    if (!opened.ok) throw usageError(`a checkpoint in ${path} does not hold: ${opened.reason}`);
    const { origin, size, root } = opened.checkpoint;
    const database = isOriginOf(origin, 'state') ? 'state' : 'ledger';
    return { database, size, root: root.toString('base64') };
  });
}

/** A file that was named; absent ones are not found. */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CodiError('CODI_NOT_FOUND', { what: `${what} ${path}` });
    throw usageError(`cannot read the ${what}: ${message}`);
  }
}

/** An entry in a line: what it is, when it was and what it says. */
export function describeEntry(entry: CanonicalEntry): string {
  const { stream, number, seconds, nanos } = entry;
  const words = ['level', 'component', 'event', 'kind', 'subject', 'path', 'message']
    .map((name) => entry[name])
    .filter((value): value is string => typeof value === 'string' && value !== '');
  const time =
    typeof seconds === 'number' && typeof nanos === 'number'
      ? formatRfc3339({ seconds, nanos })
      : '';
  return [`${stream}:${number}`, time, ...words].filter(Boolean).join('  ');
}
