import { randomUUID } from 'node:crypto';
import type { ReaderPort } from '../actors/storage/readers.actor.ts';
import { FoundChanges } from '../actors/watching/found-changes.ts';
import { GapBook, type LeftOpen } from '../actors/watching/gap-book.ts';
import { showBytePath, type BytePath } from '../protocol/byte-path.ts';
import { GAP_ACTS, type GapClosing, type GapOpening } from '../protocol/gap.ts';
import type { Clock } from '../supervisor/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { closingActId, openingActId } from '../workers/storage/gap-acts.ts';
import type { Act, ActRecorder } from './act-recorder.ts';
import type { CommittedFacts } from './committed-facts.ts';

export interface GapLedgerPorts {
  clock: Clock;
  telemetry: Telemetry;
  acts: ActRecorder;
  facts: CommittedFacts;
}

const RETRY_MS = 1_000;
/** Acts that may wait for room. Of what is beyond it, a closing act of later says it all the same. */
const WAITING_MAX = 1_000;

/** The gap book, with the ledger as what remembers it. */
export function gapLedger({ clock, telemetry, acts, facts }: GapLedgerPorts): GapBook {
  const waiting: Act[] = [];
  const offerWaiting = () => {
    while (waiting[0] && acts.offer(waiting[0])) waiting.shift();
    if (waiting.length > 0) clock.setTimeout(offerWaiting, RETRY_MS);
  };
  const record = (act: Act) => {
    if (waiting.length === 0 && acts.offer(act)) return;
    if (waiting.length >= WAITING_MAX) return;
    waiting.push(act);
    if (waiting.length === 1) clock.setTimeout(offerWaiting, RETRY_MS);
  };
  return new GapBook({
    clock,
    newId: () => randomUUID().replaceAll('-', ''),
    lastSeq: () => facts.head().events,
    recordOpened: (root, opening) => {
      record(actOf(GAP_ACTS.opened, openingActId(opening.gap), root, opening));
      const { reason, detail } = opening;
      const path = shownPlace(root, opening);
      telemetry.emit('GapOpened', { path, reason, ...(detail !== undefined && { detail }) });
    },
    recordClosed: (root, closing, openMs) => {
      record(actOf(GAP_ACTS.closed, closingActId(closing.gap), root, closing));
      const { reason } = closing;
      const found = Object.values(closing.found).reduce((sum, count) => sum + count, 0);
      telemetry.emit('GapClosed', { path: shownPlace(root, closing), reason, found, openMs });
    },
  });
}

/** What the ledger has open, as the book takes it over. */
export async function loadOpenGaps(reader: ReaderPort): Promise<LeftOpen[]> {
  const rows = await reader.run('openGaps', {});
  return rows.map(({ openedMs, found, firstSeq, lastSeq, ...row }) => ({
    ...row,
    sinceMs: openedMs,
    found: new FoundChanges({ found, firstSeq, lastSeq }),
  }));
}

function actOf(kind: string, id: Buffer, root: BytePath, data: GapOpening | GapClosing): Act {
  return { id, kind, subject: showBytePath(root).path, data };
}

function shownPlace(root: BytePath, { path }: GapOpening): string {
  const shown = showBytePath(root).path;
  return path === undefined ? shown : `${shown}/${path}`;
}
