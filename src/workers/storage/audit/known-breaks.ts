/**
 * Where the chain of a database was set back on purpose. A break is a checkpoint of what was put there, under a new
 * origin, with lines that name the checkpoint it replaces and why; it is signed with the audit key. So whoever only
 * swaps a file cannot make one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import {
  openCheckpoint,
  signCheckpoint,
  type Checkpoint,
} from '../../../protocol/audit/signed-note.ts';
import { openForReading, type StoreKind } from '../open-database.ts';
import { AuditFiles } from './audit-files.ts';
import { keysFor, loadKey, publishKey, readPublic } from './audit-key.ts';
import { BlockTree } from './block-tree.ts';
import { publicBytes } from '../../../protocol/audit/signed-note.ts';

const KINDS: readonly StoreKind[] = ['ledger', 'state'];
const STEP_LEAVES = 10_000;
/** What an origin got when its chain was anchored anew. */
const SUFFIX = /\.\d{9,}$/;
const REPLACES = 'codi replaces ';
const AT = 'codi at ';
const BECAUSE = 'codi because ';

export interface KnownBreak {
  database: StoreKind;
  /** RFC 3339. */
  at: string;
  reason: string;
  /** Blocks that there are now under the new origin, and that were signed before. */
  size: number;
  replacedSize: number;
  replacedOrigin: string;
}

export interface BreakInput {
  reason: string;
  nowMs: number;
  /** Default: `audit/key` in the data directory. */
  keyFile?: string | undefined;
}

/**
 * Signs that a database which does not continue its last checkpoint is there on purpose. The caller holds the lock, and
 * has put it there itself. Without the key, or where the last checkpoint does not hold, nothing is signed: then it is
 * an alarm, as for anybody else.
 */
export function anchorAnew(dataDir: string, { reason, nowMs, keyFile }: BreakInput): void {
  const files = new AuditFiles(dataDir);
  const key = loadKey(keyFile ?? files.path('key'));
  if (!key) return;
  for (const kind of KINDS) {
    const note = files.readCheckpoint(kind);
    const opened =
      note === undefined ? undefined : openCheckpoint(note, keysFor(note, [publicBytes(key)]));
    if (!opened?.ok) continue;
    const now = compare(dataDir, kind, opened.checkpoint);
    if (now.isContinued) continue;
    const origin = `${opened.checkpoint.origin.replace(SUFFIX, '')}.${Math.floor(nowMs / 1_000)}`;
    sign(files, key, { kind, origin, size: now.size, root: now.root }, opened.checkpoint, {
      reason,
      nowMs,
    });
  }
}

function sign(
  files: AuditFiles,
  key: KeyObject,
  { kind, ...now }: Checkpoint & { kind: StoreKind },
  before: Checkpoint,
  { reason, nowMs }: BreakInput,
): void {
  const lines = [
    `${REPLACES}${before.origin} ${before.size} ${before.root.toString('base64')}`,
    `${AT}${new Date(nowMs).toISOString()}`,
    `${BECAUSE}${reason.replaceAll(/\s+/g, ' ').trim()}`,
  ];
  publishKey(files, key, [now.origin]);
  // First what explains it: without the new checkpoint it explains nothing, and is written again.
  files.keepBreak(kind, signCheckpoint(now, key, lines), nowMs);
  files.writeCheckpoint(kind, signCheckpoint(now, key));
}

/** Whether a database begins with what a checkpoint says, and its own tree. */
export function compare(
  dataDir: string,
  kind: StoreKind,
  { size, root }: Checkpoint,
): { isContinued: boolean; size: number; root: Buffer } {
  const database = openForReading(join(dataDir, `${kind}.db`), kind);
  try {
    const tree = new BlockTree(database);
    while (tree.size < size && tree.grow(Math.min(STEP_LEAVES, size - tree.size)) > 0);
    const isContinued = tree.size === size && tree.root().equals(root);
    while (tree.grow(STEP_LEAVES) > 0);
    return { isContinued, size: tree.size, root: tree.root() };
  } finally {
    database.close();
  }
}

/** Why a folder's databases are not what its own checkpoints say; undefined when they are, or it has none. */
export function markProblem(
  folder: string,
  dataDir: string,
): { where: string; reason: string } | undefined {
  const files = new AuditFiles(folder);
  if (!existsSync(files.dir)) return undefined;
  const known = (readPublic(files) ?? []).map(({ bytes }) => bytes);
  for (const kind of KINDS) {
    const note = files.readCheckpoint(kind);
    if (note === undefined) continue;
    const where = `audit/${kind}.checkpoint`;
    const opened = openCheckpoint(note, keysFor(note, known));
    if (!opened.ok) return { where, reason: `it does not hold: ${opened.reason}` };
    if (!compare(dataDir, kind, opened.checkpoint).isContinued)
      return { where, reason: `${kind}.db does not continue it` };
  }
  return undefined;
}

/** The breaks that hold, the oldest first, and the names of those that do not. */
export function readBreaks(files: AuditFiles): { breaks: KnownBreak[]; bad: string[] } {
  const known = (readPublic(files) ?? []).map(({ bytes }) => bytes);
  const breaks: KnownBreak[] = [];
  const bad: string[] = [];
  for (const name of files.breaks()) {
    const note = readFileSync(files.path(join('breaks', name)), 'utf8');
    const found = parse(note, known, name);
    if (found) breaks.push(found);
    else bad.push(name);
  }
  return { breaks, bad };
}

function parse(note: string, known: readonly Buffer[], name: string): KnownBreak | undefined {
  const opened = openCheckpoint(note, keysFor(note, known));
  if (!opened.ok) return undefined;
  const lines = note.split('\n');
  const after = (head: string) => lines.find((line) => line.startsWith(head))?.slice(head.length);
  const [replacedOrigin, replacedSize] = after(REPLACES)?.split(' ') ?? [];
  const [at, reason] = [after(AT), after(BECAUSE)];
  if (replacedOrigin === undefined || at === undefined || reason === undefined) return undefined;
  return {
    database: name.startsWith('state-') ? 'state' : 'ledger',
    at,
    reason,
    size: opened.checkpoint.size,
    replacedSize: Number(replacedSize),
    replacedOrigin,
  };
}
