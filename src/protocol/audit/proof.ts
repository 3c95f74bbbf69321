/**
 * A proof bundle: everything that shows, to somebody who has only the public key, that an entry is in the
 * tree of a signed checkpoint. docs/ledger-format.md describes the format.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { readCanonical, type CanonicalEntry } from './canonical-reader.ts';
import { rootFromInclusion } from './merkle-tree.ts';
import { fromBase64, openCheckpoint, type Checkpoint, type VerifierKey } from './signed-note.ts';

const PROOF_FORMAT = 'codi-proof-v1';

const count = z.int().min(0);
const base64 = z
  .string()
  .refine((text) => fromBase64(text) !== undefined, 'must be base64')
  .transform((text) => Buffer.from(text, 'base64'));
const hash = base64.refine((bytes) => bytes.length === 32, 'must be 32 bytes');

const bundle = z.strictObject({
  format: z.literal(PROOF_FORMAT),
  database: z.enum(['ledger', 'state']),
  entry: z.looseObject({ stream: z.string(), number: count }),
  block: z.strictObject({ n: count, leaf: hash, canonical: base64 }),
  inclusion: z.strictObject({ tree_size: count, path: z.array(hash).max(64) }),
  checkpoint: z.string(),
});

/** As JSON. */
export type ProofBundle = z.input<typeof bundle>;

export type CheckedProof =
  | { ok: true; entry: CanonicalEntry; block: number; checkpoint: Checkpoint }
  | { ok: false; reason: string };

/** What a daemon gives for a proof; the canonical bytes may have come in several pieces. */
export interface ProofSource {
  database: 'ledger' | 'state';
  stream: string;
  number: number;
  block: number;
  leaf: string;
  canonical: Buffer;
  treeSize: number;
  path: string[];
  checkpoint: string;
}

/** Puts a bundle together. Throws RangeError when the bytes do not hold the entry. */
export function bundleProof(source: ProofSource): ProofBundle {
  const found = findEntry(source.canonical, source.stream, source.number);
  if (!found.ok) throw new RangeError(found.reason);
  return {
    format: PROOF_FORMAT,
    database: source.database,
    entry: found.entry,
    block: {
      n: source.block,
      leaf: source.leaf,
      canonical: source.canonical.toString('base64'),
    },
    inclusion: { tree_size: source.treeSize, path: source.path },
    checkpoint: source.checkpoint,
  };
}

/** Checks a bundle from the signature down to the fields of the entry; trusts nothing in it but the keys given. */
export function checkProof(value: unknown, keys: readonly VerifierKey[]): CheckedProof {
  const parsed = bundle.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue?.path.map(String).join('.') ?? '';
    return refused(`it is no ${PROOF_FORMAT}: ${place} ${issue?.message ?? ''}`.trim());
  }
  const { database, entry, block, inclusion, checkpoint: note } = parsed.data;
  const opened = openCheckpoint(note, keys);
  if (!opened.ok) return refused(`its checkpoint does not hold: ${opened.reason}`);
  const { checkpoint } = opened;
  if (!isOriginOf(checkpoint.origin, database))
    return refused(`its checkpoint is of ${checkpoint.origin}, not of the ${database} database`);
  if (checkpoint.size !== inclusion.tree_size)
    return refused(
      `its path is for ${inclusion.tree_size} blocks, its checkpoint has ${checkpoint.size}`,
    );
  const leaf = createHash('sha256').update(Buffer.of(0x00)).update(block.canonical).digest();
  if (!leaf.equals(block.leaf)) return refused('the bytes of its block do not match its leaf');
  const root = rootFromInclusion(leaf, block.n, inclusion.tree_size, inclusion.path);
  if (!root?.equals(checkpoint.root)) return refused('its path does not lead to the signed root');
  const found = findEntry(block.canonical, entry.stream, entry.number);
  if (!found.ok) return found;
  if (!isDeepStrictEqual({ ...entry }, { ...found.entry }))
    return refused('its entry is not the one in the block');
  return { ok: true, entry: found.entry, block: block.n, checkpoint };
}

/** `<name>/ledger`, or `<name>/ledger.<when>` after the chain was anchored anew. */
export function isOriginOf(origin: string, database: string): boolean {
  const last = origin.slice(origin.lastIndexOf('/') + 1);
  return last === database || last.startsWith(`${database}.`);
}

/** One entry out of the canonical bytes of its block. */
function findEntry(
  canonical: Buffer,
  stream: string,
  number: number,
): { ok: true; entry: CanonicalEntry } | { ok: false; reason: string } {
  let entries: CanonicalEntry[];
  try {
    entries = readCanonical(canonical);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refused(`the bytes of its block cannot be read: ${error.message}`);
  }
  const entry = entries.find((each) => each.stream === stream && each.number === number);
  return entry ? { ok: true, entry } : refused(`${stream}:${number} is not in its block`);
}

function refused(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
