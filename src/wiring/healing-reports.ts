import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HealReport } from '../workers/storage/healing.messages.ts';
import { healReports } from '../workers/storage/salvage/quarantine.ts';
import type { Act } from './act-recorder.ts';

const ACT_ID_BYTES = 16;
/** An act is for reading; the whole report is beside the damaged files. */
const LOSSES_TOLD = 20;

/** What was healed by earlier runs and not moved away since. One that cannot be read is passed over. */
export function keptReports(dataDir: string): HealReport[] {
  return healReports(dataDir).flatMap(({ name }) => {
    try {
      return [JSON.parse(readFileSync(join(dataDir, name), 'utf8')) as HealReport];
    } catch {
      return [];
    }
  });
}

export function isReportKept(dataDir: string, { quarantine }: HealReport): boolean {
  return existsSync(join(dataDir, `${quarantine}.json`));
}

/** What the ledger keeps of it. The same healing is told at each start, until its files are gone, and stored once. */
export function healingAct(report: HealReport): Act {
  const { store, quarantine, losses, dedupe } = report;
  return {
    id: createHash('sha256').update(quarantine).digest().subarray(0, ACT_ID_BYTES),
    kind: 'store.healed',
    subject: `${store}.db`,
    data: {
      reason: report.reason,
      healed_at: report.healedAt,
      quarantine,
      blocks: report.blocks,
      whole_blocks: report.whole,
      entries: report.entries,
      lost_blocks: report.lostBlocks,
      losses: losses.slice(0, LOSSES_TOLD).map(({ firstBlock, lastBlock, kind, ranges }) => ({
        first_block: firstBlock,
        last_block: lastBlock,
        kind,
        ranges,
      })),
      unproved_entries: report.unproved,
      unproved_file: report.unprovedFile,
      is_signed_chain: report.isSignedChain,
      has_skipped_numbers: report.hasSkippedNumbers,
      producers: dedupe.producers,
      recent_ids: dedupe.recentIds,
      recent_ids_missing: dedupe.recentIdsMissing,
      recent_requests: dedupe.recentRequests,
    },
  };
}
