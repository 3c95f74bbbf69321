/**
 * Makes a new database from what the files of a damaged one still hold. Entries never change once they are written,
 * so any row that looks like one is right if its block matches its leaf; the leaf decides between several. What
 * cannot be found is marked as lost, with its number, and everything else keeps its place in the tree.
 */
import { join } from 'node:path';
import { CodiError } from '../../../protocol/errors.ts';
import { readMarks } from '../audit/signed-marks.ts';
import { openPage, SEAL_BYTES } from '../cipher/open-page.ts';
import { storeKey } from '../cipher/store-key.ts';
import { LOSSES } from '../lost-blocks.ts';
import {
  leaveAsStore,
  openForSalvage,
  type SqliteDatabase,
  type StoreKind,
} from '../open-database.ts';
import { acquitSuspects, fits } from './altered-leaves.ts';
import { ArchivedSource } from './archived-source.ts';
import { BlockCandidates } from './block-candidates.ts';
import { FoundRows } from './found-rows.ts';
import type { LossSpans } from './loss-spans.ts';
import { PageImages, type PageSeal } from './page-images.ts';
import { SalvageChain } from './salvage-chain.ts';
import {
  knownLosses,
  takeDedupe,
  takePathIndex,
  takeRequests,
  takeStateTables,
} from './salvage-derived.ts';
import type { SalvageReport } from '../healing.messages.ts';
import { SalvageTarget } from './salvage-target.ts';
import { takePruned } from './take-pruned.ts';
import { takeUnproved } from './take-unproved.ts';
import { UnprovedFile } from './unproved-file.ts';

export interface SalvageInput {
  kind: StoreKind;
  dataDir: string;
  /** The damaged database; its log lies beside it. Nobody else uses them. */
  from: string;
  /** Where the new one is made; nothing is there. */
  to: string;
  /** Where entries are written that can be read and not be proved; an earlier file is overwritten. */
  unproved: string;
  /** What is lost counts as found then. */
  nowMs: number;
}

/** Where it is, from 0 to 1. */
export type SalvageStep = number;

const SCAN_SHARE = 0.3;
const CHAIN_SHARE = 0.9;
const LOSSES_TOLD = 1_000;

/**
 * Yields after every small piece of work, so that its thread can do something else; the result is not synced yet.
 * Throws CODI_DAMAGE_ENCRYPTED when no page opens with this thread's key.
 */
export function* salvage(input: SalvageInput): Generator<SalvageStep, SalvageReport> {
  const startedMs = performance.now();
  const { kind, from, to } = input;
  const seal = sealOf(kind);
  const images = new PageImages(from, seal && { seal });
  try {
    const database = openForSalvage(to, kind, images.pageBytes);
    try {
      const report = yield* fill(input, images, database);
      leaveAsStore(database);
      database.close();
      return { ...report, durationMs: Math.round(performance.now() - startedMs) };
    } finally {
      if (database.open) database.close();
    }
  } finally {
    images.close();
  }
}

function* fill(
  { kind, dataDir, unproved: path, nowMs }: SalvageInput,
  images: PageImages,
  database: SqliteDatabase,
): Generator<SalvageStep, SalvageReport> {
  const found = new FoundRows(images, kind);
  for (const image of found.scan()) yield (image / images.count) * SCAN_SHARE;
  if (images.isShut)
    throw new CodiError('CODI_DAMAGE_ENCRYPTED', { path: join(dataDir, `${kind}.db`) });
  const mark = readMarks(dataDir, kind).marks.at(-1);
  const target = new SalvageTarget(database, nowMs);
  const archived = new ArchivedSource(found, kind, dataDir);
  const unproved = new UnprovedFile(path);
  const { isTailDoubtful, flaws } = images.found;
  try {
    const known = knownLosses(found);
    const signed = mark?.size ?? 0;
    const chain = new SalvageChain(
      { kind, found, archived, signed, known, isTailDoubtful },
      target,
    );
    const expected = Math.max(1, chain.count(), signed);
    for (const blocks of chain.run())
      yield SCAN_SHARE + Math.min(1, blocks / expected) * (CHAIN_SHARE - SCAN_SHARE);
    if (mark) yield* inShare(acquitSuspects(chain, archived, target, mark), CHAIN_SHARE);
    if (kind === 'ledger')
      for (const { values } of archived.rows) target.insert('segments', values);
    if (kind === 'ledger') takePruned(found, target);
    const dedupe = kind === 'ledger' ? takeDedupe(found, target) : takeRequests(found, target);
    const { losses } = chain;
    if (kind === 'ledger')
      yield* inShare(takePathIndex(found, target, { dataDir, losses: losses.all }), CHAIN_SHARE);
    else {
      const hasLosses = losses.blocks > 0 || known.size > 0;
      takeStateTables(found, target, { hasLosses, hasSkipped: chain.skippedNumbers });
    }
    const isSignedChain = mark ? yield* inShare(fits(database, mark), CHAIN_SHARE) : null;
    // The signature shows that leaves which were made anew are those that were committed.
    const proved = mark && isSignedChain === true ? forgive(database, losses, mark.size) : 0;
    const candidates = new BlockCandidates(found, kind);
    yield* inShare(takeUnproved(candidates, losses.all, unproved), CHAIN_SHARE);
    target.finish();
    return {
      store: kind,
      blocks: chain.blocks,
      whole: chain.whole + proved,
      entries: chain.entries,
      losses: losses.all.slice(0, LOSSES_TOLD),
      lostBlocks: losses.blocks,
      flaws,
      signed,
      isSignedChain,
      hasSkippedNumbers: chain.skippedNumbers,
      dedupe,
      unproved: unproved.count,
      durationMs: 0,
    };
  } finally {
    archived.close();
    unproved.close();
  }
}

/** Work that is all at one place of the whole. */
function* inShare<Result>(
  work: Generator<void, Result>,
  share: SalvageStep,
): Generator<SalvageStep, Result> {
  let step = work.next();
  for (; step.done !== true; step = work.next()) yield share;
  return step.value;
}

/** How this thread's store is encrypted, if it is. */
function sealOf(kind: StoreKind): PageSeal | undefined {
  const key = storeKey()?.forDatabase(kind);
  return key && { bytes: SEAL_BYTES, open: (page, sealed) => openPage(key, page, sealed) };
}

/** Leaves of the first blocks that were made anew are right; returns how many. */
function forgive(database: SqliteDatabase, losses: LossSpans, size: number): number {
  losses.forgive(size);
  return database
    .prepare('DELETE FROM lost_blocks WHERE kind = ? AND block < ?')
    .run(LOSSES.leaf, size).changes;
}
